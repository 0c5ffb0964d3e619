/*
 * Four kinds of number crunching, for comparing what this program takes as WebAssembly with what it
 * takes compiled for the machine: bytes in memory (a sieve), floating point in registers (the
 * Mandelbrot set), floating point in memory (a product of matrices), integers of 64 bits (a
 * generator of random numbers). Each takes about half a second.
 *
 * stdin names the kinds to run, one a line. For each it prints a number that depends on all of the
 * work, so that nothing can be left out, and that is the same wherever the program runs.
 */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t sieve(void);
static uint64_t mandelbrot(void);
static uint64_t matrices(void);
static void multiply_row(double *restrict sums, const double *restrict factors);
static uint64_t random_numbers(void);

static const struct {
  const char *name;
  uint64_t (*run)(void);
} kinds[] = {
    {"sieve", sieve},
    {"mandelbrot", mandelbrot},
    {"matrices", matrices},
    {"random", random_numbers},
};

int main(void) {
  char line[32];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\r\n")] = '\0';
    size_t kind = 0;
    while (kind < sizeof kinds / sizeof *kinds && strcmp(line, kinds[kind].name)) kind++;
    if (kind == sizeof kinds / sizeof *kinds) {
      fprintf(stderr, "crunch: no \"%s\", but sieve, mandelbrot, matrices, random\n", line);
      return 2;
    }
    printf("%s %" PRIu64 "\n", line, kinds[kind].run());
  }
  return 0;
}

#define SIEVE_SIZE (1 << 18) /* of a second-level cache */
#define SIEVE_ROUNDS 2000

/* The primes below 2^18, again and again; each round starts from what the last one left. */
static uint64_t sieve(void) {
  static uint8_t composite[SIEVE_SIZE];
  uint64_t primes = 0;
  for (int round = 0; round < SIEVE_ROUNDS; round++) {
    memset(composite, 0, sizeof composite);
    for (uint32_t number = 2; number * number < SIEVE_SIZE; number++) {
      if (composite[number]) continue;
      for (uint32_t at = number * number; at < SIEVE_SIZE; at += number) composite[at] = 1;
    }
    uint32_t count = 0;
    for (uint32_t at = 2; at < SIEVE_SIZE; at++) count += !composite[at];
    primes += count;
  }
  return primes;
}

#define PICTURE_SIZE 1000
#define STEPS_MAX 1000

static uint64_t mandelbrot(void) {
  uint64_t sum = 0;
  for (int row = 0; row < PICTURE_SIZE; row++) {
    for (int column = 0; column < PICTURE_SIZE; column++) {
      double x = -2.0 + 3.0 * column / PICTURE_SIZE;
      double y = -1.5 + 3.0 * row / PICTURE_SIZE;
      double re = 0, im = 0, re2 = 0, im2 = 0;
      for (int step = 0; step < STEPS_MAX && re2 + im2 <= 4; step++) {
        im = 2 * re * im + y;
        re = re2 - im2 + x;
        re2 = re * re;
        im2 = im * im;
        sum++;
      }
    }
  }
  return sum;
}

#define MATRIX_SIZE 512
#define MATRIX_ROUNDS 32
#define ROW_SUM (MATRIX_SIZE / 64 * (63 * 64 / 2))

static double matrix[MATRIX_SIZE][MATRIX_SIZE];

/* Squares a matrix again and again. Its rows add up to 1, so no number gets out of hand. */
static uint64_t matrices(void) {
  static double product[MATRIX_SIZE][MATRIX_SIZE];
  for (int row = 0; row < MATRIX_SIZE; row++) {
    for (int column = 0; column < MATRIX_SIZE; column++) {
      matrix[row][column] = (double)((row * 31 + column * 17) % 64) / ROW_SUM;
    }
  }
  for (int round = 0; round < MATRIX_ROUNDS; round++) {
    for (int row = 0; row < MATRIX_SIZE; row++) multiply_row(product[row], matrix[row]);
    memcpy(matrix, product, sizeof matrix);
  }
  double sum = 0;
  for (int row = 0; row < MATRIX_SIZE; row++) sum += matrix[row][row];
  uint64_t bits;
  memcpy(&bits, &sum, sizeof bits);
  return bits;
}

/* Four rows of the matrix at a time: a sum stays in a register for four additions. */
static void multiply_row(double *restrict sums, const double *restrict factors) {
  memset(sums, 0, sizeof *matrix);
  for (int row = 0; row < MATRIX_SIZE; row += 4) {
    for (int column = 0; column < MATRIX_SIZE; column++) {
      double sum = sums[column];
      for (int at = 0; at < 4; at++) sum += factors[row + at] * matrix[row + at][column];
      sums[column] = sum;
    }
  }
}

#define RANDOM_NUMBERS 300000000

/* xorshift64*: each number is made from the one before. */
static uint64_t random_numbers(void) {
  uint64_t state = 1, sum = 0;
  for (int number = 0; number < RANDOM_NUMBERS; number++) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    sum += state * UINT64_C(0x2545f4914f6cdd1d);
  }
  return sum;
}
