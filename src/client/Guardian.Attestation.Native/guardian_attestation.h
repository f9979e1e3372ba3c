/* Verifies attestation evidence of Intel SGX and TDX: libguardian_attestation.so (docs/reference/native-library.md).
 * The functions hold no state and may be called by any thread. They use neither the network nor the clock. */
#ifndef GUARDIAN_ATTESTATION_H
#define GUARDIAN_ATTESTATION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GUARDIAN_ATTESTATION_ABI 1

enum {
  GUARDIAN_ACCEPTED = 0,    /* the evidence verifies, and the policy accepts it */
  GUARDIAN_REFUSED = 1,     /* it does not verify, or the policy does not accept it */
  GUARDIAN_WRONG_USAGE = 2, /* an argument is wrong; the answer says which */
  GUARDIAN_FAILED = 3       /* the library failed, for example for lack of memory; there may be no answer */
};

/* Verifies evidence and appraises it.
 *   evidence    a quote, an Open Enclave report, an RA-TLS certificate or a MarbleRun answer; raw, hexadecimal, base64 or PEM; at most 512 KiB
 *   collateral  Intel's documents about the platform, packed as JSON (guardian quote collateral pack); NULL and 0 for none
 *   options     JSON, UTF-8, ends with NUL: root, policy, pckChain, insecureNoRevocation; NULL for none
 *   at          the instant at which everything must be valid, in seconds since 1970
 *   answer      receives the answer: JSON, UTF-8, ends with NUL. The caller frees it with guardian_attestation_free.
 */
int32_t guardian_attestation_verify(const uint8_t *evidence, size_t evidence_size, const uint8_t *collateral,
                                    size_t collateral_size, const char *options, int64_t at, char **answer);

/* Frees an answer. NULL is allowed. */
void guardian_attestation_free(char *answer);

/* The version of this interface that the library has: GUARDIAN_ATTESTATION_ABI. */
int32_t guardian_attestation_abi(void);

#ifdef __cplusplus
}
#endif
#endif
