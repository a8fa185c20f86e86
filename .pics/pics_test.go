package pics
import ("os";"strings";"testing";"onedoor/ui/browsertest")
func TestMain(m *testing.M){ browsertest.Main(m) }
func TestPics(t *testing.T){
 base:=os.Getenv("BASE")
 tab:=browsertest.Open(t)
 if who:=os.Getenv("WHO"); who!="" {
  tab.Go(base+"/sign-in"); tab.Follow("button[value='"+who+"']")
 }
 for _,p:=range strings.Fields(os.Getenv("PAGES")) {
  for _,s:=range []struct{n string; z browsertest.Size}{{"desktop",browsertest.Desktop},{"phone",browsertest.Phone}} {
   tab.Size(s.z); tab.Go(base+p)
   name:=strings.NewReplacer("/","_","?","_","=","_").Replace(strings.Trim(p,"/"))
   tab.Picture("/tmp/sh6/"+name+"-"+s.n+".png")
   browsertest.Reflows(t,tab)
  }
 }
}
