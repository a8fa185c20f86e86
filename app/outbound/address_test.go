package outbound_test

import (
	"net/netip"
	"testing"

	"onedoor/app/fault"
	"onedoor/app/outbound"
)

func TestOnlyPublicAddressesArePublic(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string
		public  bool
	}{
		"a public address":                          {"93.184.215.14", true},
		"a public IPv6 address":                     {"2606:2800:21f:cb07:6820:80da:af6b:8b2c", true},
		"a public address mapped into IPv6":         {"::ffff:93.184.215.14", true},
		"the address before the private ten":        {"9.255.255.255", true},
		"the address after the private ten":         {"11.0.0.0", true},
		"the address after the private 172":         {"172.32.0.0", true},
		"the address before a carrier's NAT":        {"100.63.255.255", true},
		"the address after a carrier's NAT":         {"100.128.0.0", true},
		"unspecified":                               {"0.0.0.0", false},
		"this network":                              {"0.1.2.3", false},
		"private ten":                               {"10.0.0.1", false},
		"private 172":                               {"172.16.0.1", false},
		"the last of private 172":                   {"172.31.255.255", false},
		"private 192.168":                           {"192.168.1.1", false},
		"loopback":                                  {"127.0.0.1", false},
		"all of loopback":                           {"127.255.255.254", false},
		"a carrier's NAT":                           {"100.64.0.1", false},
		"the last of a carrier's NAT":               {"100.127.255.255", false},
		"link-local":                                {"169.254.1.1", false},
		"the metadata service of AWS and others":    {"169.254.169.254", false},
		"the metadata service of ECS tasks":         {"169.254.170.2", false},
		"the metadata service of Alibaba":           {"100.100.100.200", false},
		"the metadata service of Oracle":            {"192.0.0.192", false},
		"the metadata service of Azure":             {"168.63.129.16", false},
		"the metadata service of AWS over IPv6":     {"fd00:ec2::254", false},
		"documentation":                             {"192.0.2.1", false},
		"documentation two":                         {"198.51.100.1", false},
		"documentation three":                       {"203.0.113.1", false},
		"benchmarks":                                {"198.19.255.255", false},
		"6to4 relays":                               {"192.88.99.1", false},
		"multicast":                                 {"224.0.0.1", false},
		"reserved":                                  {"240.0.0.1", false},
		"broadcast":                                 {"255.255.255.255", false},
		"IPv6 unspecified":                          {"::", false},
		"IPv6 loopback":                             {"::1", false},
		"loopback mapped into IPv6":                 {"::ffff:127.0.0.1", false},
		"private ten mapped into IPv6":              {"::ffff:10.0.0.1", false},
		"the metadata service mapped into IPv6":     {"::ffff:a9fe:a9fe", false},
		"loopback as an IPv4-compatible address":    {"::127.0.0.1", false},
		"loopback translated (RFC 2765)":            {"::ffff:0:127.0.0.1", false},
		"NAT64":                                     {"64:ff9b::a9fe:a9fe", false},
		"NAT64 of a public address":                 {"64:ff9b::5db8:d70e", false},
		"NAT64 of one's own":                        {"64:ff9b:1::a00:1", false},
		"6to4 with a private address":               {"2002:a00:1::", false},
		"Teredo":                                    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
		"ORCHID":                                    {"2001:20::1", false},
		"unique local":                              {"fd12:3456::1", false},
		"unique local, the other half":              {"fc00::1", false},
		"IPv6 link-local":                           {"fe80::1", false},
		"IPv6 link-local with a zone":               {"fe80::1%eth0", false},
		"a public IPv6 address with a zone":         {"2606:2800::1%eth0", false},
		"site-local, which nobody should still use": {"fec0::1", false},
		"IPv6 multicast":                            {"ff02::1", false},
		"IPv6 documentation":                        {"2001:db8::1", false},
		"IPv6 documentation, the newer":             {"3fff::1", false},
		"discard":                                   {"100::1", false},
		"segment routing":                           {"5f00::1", false},
		"what IPv6 has not given out":               {"4000::1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			why, public := outbound.Public(netip.MustParseAddr(c.address))
			if public != c.public || public != (why == "") {
				t.Fatalf("public is %v (%s), want %v", public, why, c.public)
			}
		})
	}
	if _, public := outbound.Public(netip.Addr{}); public {
		t.Fatal("no address at all is public")
	}
}

func TestWhatAnOperatorAllowsIsReadExactly(t *testing.T) {
	t.Parallel()
	all, err := outbound.ParseAllowed(" 10.1.2.3/24, 127.0.0.1:8090,, [fd00::1]:443, fd00::/64, 192.168.0.9 ")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"10.1.2.0/24", "127.0.0.1:8090", "[fd00::1]:443", "fd00::/64", "192.168.0.9/32"}
	if len(all) != len(want) {
		t.Fatalf("%v", all)
	}
	for i, a := range all {
		if a.String() != want[i] {
			t.Errorf("%d is %s, want %s", i, a, want[i])
		}
	}
	for name, list := range map[string]string{
		"a name": "localhost", "a name with a port": "localhost:80", "no port after the colon": "127.0.0.1:", "port nought": "127.0.0.1:0",
		"a range with a port": "10.0.0.0/8:80", "too long a range": "10.0.0.0/33", "a zone": "fe80::1%eth0", "mapped": "::ffff:0.0.0.0/96", "semicolons": "10.0.0.1;10.0.0.2",
	} {
		if _, err := outbound.ParseAllowed(list); !fault.Is(err, "outbound_allow_format") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseAllowedNeverWidens(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "127.0.0.1:8090", "[fd00::1]:443", "::/0", "0.0.0.0/0", "1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all, err := outbound.ParseAllowed(s)
		if err != nil {
			return
		}
		for _, a := range all {
			again, err := outbound.ParseAllowed(a.String())
			if err != nil || len(again) != 1 || again[0] != a {
				t.Fatalf("%q is read as %v, which is read as %v (%v)", s, a, again, err)
			}
		}
	})
}
