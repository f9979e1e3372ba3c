/* Verifies evidence with libguardian_attestation.so: verify EVIDENCE COLLATERAL SECONDS.
 * COLLATERAL is packed (guardian quote collateral pack); SECONDS is the instant, since 1970. Ends as the library answers. */
#include "guardian_attestation.h"
#include <stdio.h>
#include <stdlib.h>

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) { perror(path); exit(3); }
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*size + 1);
  if (bytes == NULL || fread(bytes, 1, *size, file) != *size) { perror(path); exit(3); }
  fclose(file);
  return bytes;
}

int main(int count, char **arguments) {
  if (count != 4) { fprintf(stderr, "usage: verify EVIDENCE COLLATERAL SECONDS\n"); return 2; }
  size_t evidence_size, collateral_size;
  uint8_t *evidence = read_file(arguments[1], &evidence_size);
  uint8_t *collateral = read_file(arguments[2], &collateral_size);
  char *answer = NULL;
  int32_t code = guardian_attestation_verify(evidence, evidence_size, collateral, collateral_size, NULL, atoll(arguments[3]), &answer);
  puts(answer == NULL ? "{}" : answer);
  guardian_attestation_free(answer);
  free(evidence);
  free(collateral);
  return code;
}
