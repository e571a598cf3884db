/**
 * A self-signed certificate for `localhost`, `127.0.0.1` and `::1`, valid from 2020 to 2119, for local test servers only.
 * It proves nothing to anybody: the key is public.
 */
export const TEST_TLS: { readonly key: string; readonly cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjq+HDnHAA68qENTe
hBTGQohD4O715eOHuInmWTE/yy+hRANCAATxh0Upa2qwElflAJ5ARJGIb7vhCs9d
7DvoJMJXEg9T548WG0GX9k7ruypFxVSp2/xrSuAg/HU9+IpuU07ywfP2
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjExOTAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPGHRSlrarASV+UA
nkBEkYhvu+EKz13sO+gkwlcSD1PnjxYbQZf2Tuu7KkXFVKnb/GtK4CD8dT34im5T
TvLB8/ajYDBeMA8GA1UdEwEB/wQFMAMBAf8wLAYDVR0RBCUwI4IJbG9jYWxob3N0
hwR/AAABhxAAAAAAAAAAAAAAAAAAAAABMB0GA1UdDgQWBBRCt1g4+SLRNhJEj0Eu
k0Ka65+j2zAKBggqhkjOPQQDAgNIADBFAiEAnReSmcL9eDqENPfBrwuuQ7DOG13V
uXt5A2CR+Afh34sCIFztDBrf+yKMuR0yJmbmpaq/bP7VuO9gFXaGjwhhhIre
-----END CERTIFICATE-----`,
};
