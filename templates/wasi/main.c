/*
 * Factors numbers: a line of stdin is a number, a line of stdout the number and its prime factors.
 *
 * A job in C, or in any language that compiles to WebAssembly, is a program that reads a chunk from
 * stdin and prints its result. It runs on other people's machines, without network and clock, and
 * without files but those that are given to it. Each result must be the same on all of them, since
 * that is how they are verified.
 */

#include <inttypes.h>
#include <stdio.h>

static void print_factors(uint64_t number) {
  for (uint64_t divisor = 2; divisor <= number / divisor; divisor += divisor == 2 ? 1 : 2) {
    for (; number % divisor == 0; number /= divisor) printf(" %" PRIu64, divisor);
  }
  if (number > 1) printf(" %" PRIu64, number);
}

int main(void) {
  uint64_t number;
  int items;
  while ((items = scanf("%" SCNu64, &number)) == 1) {
    printf("%" PRIu64 ":", number);
    if (number > 0) print_factors(number);
    putchar('\n');
  }
  if (items == EOF) return 0;
  fputs("a line of the input is not a number\n", stderr);
  return 1;
}
