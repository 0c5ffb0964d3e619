/** A statement over exact bytes by the holder of a key. */
export type Signed = {
  readonly payload: Uint8Array;
  /** SubjectPublicKeyInfo, DER. Its SHA-256 is the signer's `PeerId`. */
  readonly publicKey: Uint8Array;
  /** ECDSA P-256 with SHA-256, DER. */
  readonly signature: Uint8Array;
};
