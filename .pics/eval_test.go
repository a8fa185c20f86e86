package pics
import ("os";"testing";"onedoor/ui/browsertest")
func TestEval(t *testing.T){
 base:=os.Getenv("BASE"); tab:=browsertest.Open(t)
 tab.Go(base+"/sign-in"); tab.Follow("button[value='"+os.Getenv("WHO")+"']")
 tab.Size(browsertest.Desktop); tab.Go(base+os.Getenv("PAGE"))
 t.Log(tab.Eval(os.Getenv("JS")))
}
