/*
 * Counts the ways to put n queens on a board of n by n squares so that none attacks another.
 *
 * Each line of stdin is a question, and its answer is a line of stdout. "8" asks for all ways to
 * fill a board of 8 by 8; "8 0 4" for those that have a queen in column 0 of the first row and one
 * in column 4 of the second. The answers for all places of the first rows add up to the whole
 * count, and none needs another: that is how the job beside this file cuts the work into chunks.
 *
 * A row is a word with a bit for each column. Three words say where it is attacked: in the queens'
 * columns, and on their diagonals, which move by one column from row to row. What is left is free,
 * and the lowest bit of a word is quickly found.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nobody knows the count for 28. Those below fit 64 bits, and a row fits 32. */
#define BOARD_ROWS_MAX 27
/* More than 28 numbers of two digits and the spaces between them. */
#define LINE_BYTES_MAX 256

typedef struct {
  uint32_t all;     /* a bit for each column */
  uint32_t columns; /* those that have a queen */
  uint32_t left;    /* diagonals that move to lower bits, as they cross the next row */
  uint32_t right;   /* those that move to higher bits */
  bool attacked;    /* a queen by another: there is no way to go on */
} Board;

static const char *read_board(const char *line, Board *board);
static bool read_number(const char **at, long below, uint32_t *number);
static void put_queen(Board *board, uint32_t queen);
static uint64_t count(uint32_t all, uint32_t columns, uint32_t left, uint32_t right);

int main(void) {
  char line[LINE_BYTES_MAX];
  for (int number = 1; fgets(line, sizeof line, stdin); number++) {
    Board board;
    const char *trouble = read_board(line, &board);
    if (trouble) {
      fprintf(stderr, "nqueens: line %d of the input: %s\n", number, trouble);
      return 2;
    }
    uint64_t ways = board.attacked ? 0 : count(board.all, board.columns, board.left, board.right);
    printf("%" PRIu64 "\n", ways);
  }
  return 0;
}

/* Returns what is wrong with the line, or NULL. */
static const char *read_board(const char *line, Board *board) {
  if (strlen(line) == LINE_BYTES_MAX - 1) return "it is too long to be a board";
  uint32_t rows;
  if (!read_number(&line, BOARD_ROWS_MAX + 1, &rows) || rows == 0) {
    return "it must begin with the number of rows, from 1 to 27";
  }
  *board = (Board){.all = (UINT32_C(1) << rows) - 1};
  uint32_t column;
  uint32_t queens = 0;
  for (; read_number(&line, rows, &column); queens++) put_queen(board, UINT32_C(1) << column);
  if (*line) return "after the number of rows come the queens' columns, counted from 0";
  return queens > rows ? "it has more queens than rows" : NULL;
}

/* Reads one number and the space behind it; false, with nothing read, for all else. */
static bool read_number(const char **at, long below, uint32_t *number) {
  if (!isdigit((unsigned char)**at)) return false;
  char *end;
  long value = strtol(*at, &end, 10);
  if (value >= below) return false;
  while (isspace((unsigned char)*end)) end++;
  *at = end;
  *number = (uint32_t)value;
  return true;
}

static void put_queen(Board *board, uint32_t queen) {
  board->attacked |= (queen & (board->columns | board->left | board->right)) != 0;
  board->columns |= queen;
  board->left = (board->left | queen) >> 1;
  board->right = (board->right | queen) << 1;
}

/* The ways to fill the rows that have no queen yet: a queen on each free square of the next one. */
static uint64_t count(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == all) return 1;
  uint64_t ways = 0;
  for (uint32_t free = all & ~(columns | left | right); free != 0;) {
    uint32_t queen = free & -free;
    free ^= queen;
    ways += count(all, columns | queen, (left | queen) >> 1, (right | queen) << 1);
  }
  return ways;
}
