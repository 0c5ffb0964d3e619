/**
 * The open grid's authority. Its private key is public on purpose: everybody may issue a leaf and
 * join, and the authority is there only so that mutual TLS works as it does in private grids.
 * Nothing is lost by that, because identity never depends on the authority: a peer's id is the
 * digest of its own key, and two leafs with one id need one private key. It admits; it doesn't
 * vouch.
 */

/** Valid for 100 years. To replace it is to found another open grid. */
export const openGridPem = `\
-----BEGIN CERTIFICATE-----
MIIBYjCCAQmgAwIBAgIQQatvXNtn3M3K+U3at0OdkDAKBggqhkjOPQQDAjAPMQ0w
CwYDVQQDEwRvcGVuMCAXDTI1MTIzMTAwMDAwMFoYDzIxMjUxMjA4MDAwMDAwWjAP
MQ0wCwYDVQQDEwRvcGVuMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEZaVeyx8
kgo0B8750YP+oxNXl+jWNt2oAu7UXrPRIpphgdS3QymoJ2RXWRjBhsGlJqe17RZm
8cJhZyKL1a18LqNFMEMwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8BAf8EBAMC
AQYwHQYDVR0OBBYEFHA6p+qiN9QxiRvsmkLmi3+9+Y+3MAoGCCqGSM49BAMCA0cA
MEQCIAzrgcAUMJdTwZTBgKgH4Pohq3TPICwFICepSB4XGodGAiAWWhat+n6SiJTy
rReUlv5hBMLECkMgDkLzv9bXjZ4nkQ==
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1SnjiVVkD414mMOE
4ar3j3SpzjO2zXCZJgNOu3akL3ihRANCAAQRlpV7LHySCjQHzvnRg/6jE1eX6NY2
3agC7tRes9EimmGB1LdDKagnZFdZGMGGwaUmp7XtFmbxwmFnIovVrXwu
-----END PRIVATE KEY-----
`;
