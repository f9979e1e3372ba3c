// An analysis for a clean room: divides each customer's revenue among the channels that reached the customer, by three rules.
// It is run once for each person, in a fresh instance (docs/how-to/bring-your-analysis.md).
//
// Standard input, 8 bytes each, little-endian; an empty cell is INT64_MIN:
//   contacts by search, social and video | first channel | last channel (index in the contract's values) | revenue in cents
// Standard output, 8 bytes each, cents for search, social and video:
//   linear: by contacts | last touch: all to the last channel | position: 40 % first, 40 % last, 20 % by contacts
#include <stdint.h>
#include <unistd.h>

enum { CHANNELS = 3, FIRST = CHANNELS, LAST, REVENUE, INPUTS, OUTPUTS = 3 * CHANNELS };

// The greatest of a cell and 0; an empty cell is less.
static int64_t at_least_0(int64_t cell) {
  return cell > 0 ? cell : 0;
}

int main(void) {
  int64_t in[INPUTS];
  int64_t out[OUTPUTS] = {0};
  if (read(0, in, sizeof in) != sizeof in) {
    return 1;
  }
  int64_t revenue = at_least_0(in[REVENUE]);
  int64_t contacts = 0;
  for (int i = 0; i < CHANNELS; i++) {
    contacts += at_least_0(in[i]);
  }
  // Every person takes the same steps: a channel's share is a product with 0 where it has none.
  for (int i = 0; i < CHANNELS; i++) {
    int64_t is_first = in[FIRST] == i;
    int64_t is_last = in[LAST] == i;
    int64_t divisor = contacts + (contacts == 0);
    int64_t linear = revenue * at_least_0(in[i]) / divisor;
    out[i] = linear;
    out[CHANNELS + i] = is_last * revenue;
    out[2 * CHANNELS + i] = (2 * (is_first + is_last) * revenue + linear) / 5;
  }
  return write(1, out, sizeof out) == sizeof out ? 0 : 1;
}
