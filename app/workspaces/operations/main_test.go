package operations_test

import (
	"testing"

	"onedoor/ui/browsertest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }
