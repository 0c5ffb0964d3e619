/*
 * Tries what a program must not be able to do with paths, descriptors, addresses and counts, and
 * tells what the system answered, a line each. It is started with a data file data/b.txt.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

#define ROOT 3
#define KiB 1024

static void try_paths(void);
static void try_links(void);
static void try_data(void);
static void try_descriptors(void);
static void try_addresses(void);
static void try_counts(void);
static void tell(const char *what, int error);
static int open_at(int fd, const char *path, size_t bytes, int oflags, uint64_t rights);

int main(void) {
  try_paths();
  try_links();
  try_data();
  try_descriptors();
  try_addresses();
  try_counts();
  return 0;
}

static int last_opened = -1;

static void try_path(const char *what, const char *path, size_t bytes) {
  tell(what, open_at(ROOT, path, bytes, 0, __WASI_RIGHTS_FD_READ));
}

static void try_paths(void) {
  static char large[64 * KiB];
  memset(large, 'x', sizeof large);
  try_path("up", "..", 2);
  try_path("up and out", "../etc/passwd", 13);
  try_path("up and out from below", "data/../../etc/passwd", 21);
  try_path("up, many times", "data/../data/../data/../../x", 28);
  try_path("up at the end", "data/../..", 10);
  try_path("absolute", "/etc/passwd", 11);
  try_path("absolute to what is there", "/data/b.txt", 11);
  try_path("only slashes", "///", 3);
  try_path("empty", "", 0);
  try_path("here", ".", 1);
  try_path("here, many times", "./././data/./a.txt", 18);
  try_path("a file as a folder", "data/b.txt/", 11);
  try_path("through a file", "data/b.txt/../b.txt", 19);
  try_path("a zero byte", "data\0/a.txt", 11);
  try_path("a zero byte at the end", "data/b.txt\0", 11);
  try_path("no UTF-8", "data/\xff\xfe", 7);
  try_path("half of a surrogate pair", "\xed\xa0\x80", 3);
  try_path("a byte order mark", "\xef\xbb\xbf" "data", 7);
  try_path("backslashes", "..\\etc\\passwd", 13);
  try_path("a name of 64 KiB", large, sizeof large);
  try_path("a name of 256 bytes", large, 256);
  for (size_t at = 1; at < sizeof large; at += 2) large[at] = '/';
  try_path("a deep path", large, 4096);
  try_path("a prototype", "__proto__/constructor", 21);
  try_path("a method", "constructor", 11);
  tell("the root as a file", open_at(ROOT, ".", 1, __WASI_OFLAGS_TRUNC, __WASI_RIGHTS_FD_WRITE));
  tell("the root's folder", __wasi_path_create_directory(ROOT, "../made"));
  tell("a folder up and out", __wasi_path_create_directory(ROOT, "tmp/../../made"));
  tell("removing the root", __wasi_path_remove_directory(ROOT, "."));
  tell("removing what is above", __wasi_path_remove_directory(ROOT, ".."));
}

static void try_links(void) {
  uint8_t target[64];
  __wasi_size_t used;
  tell("a link out", __wasi_path_symlink("/etc/passwd", ROOT, "tmp/link"));
  tell("a link up", __wasi_path_symlink("..", ROOT, "tmp/link"));
  tell("through that link", open_at(ROOT, "tmp/link/x", 10, 0, __WASI_RIGHTS_FD_READ));
  tell("reading a link", __wasi_path_readlink(ROOT, "data/b.txt", target, sizeof target, &used));
  tell("a second name", __wasi_path_link(ROOT, 0, "data/b.txt", ROOT, "tmp/b.txt"));
  tell("a second name out", __wasi_path_link(ROOT, 1, "data/b.txt", ROOT, "../b.txt"));
  tell("a folder", __wasi_path_create_directory(ROOT, "tmp/in"));
  tell("a folder into itself", __wasi_path_rename(ROOT, "tmp", ROOT, "tmp/in/tmp"));
  tell("a folder to itself", __wasi_path_rename(ROOT, "tmp/in", ROOT, "tmp/in"));
  tell("the root into a folder", __wasi_path_rename(ROOT, ".", ROOT, "tmp/in/root"));
  tell("a folder out", __wasi_path_rename(ROOT, "tmp/in", ROOT, "../in"));
}

static void try_data(void) {
  const uint64_t write = __WASI_RIGHTS_FD_WRITE;
  tell("writing to data", open_at(ROOT, "data/b.txt", 10, 0, write));
  tell("emptying data", open_at(ROOT, "data/b.txt", 10, __WASI_OFLAGS_TRUNC, write));
  tell("adding to data", open_at(ROOT, "data/c.txt", 10, __WASI_OFLAGS_CREAT, write));
  tell("removing data", __wasi_path_unlink_file(ROOT, "data/b.txt"));
  tell("moving data", __wasi_path_rename(ROOT, "data/b.txt", ROOT, "tmp/b.txt"));
  tell("moving all data", __wasi_path_rename(ROOT, "data", ROOT, "tmp/data"));
  tell("moving onto data", __wasi_path_rename(ROOT, "tmp/in", ROOT, "data"));
  tell("dating data", __wasi_path_filestat_set_times(ROOT, 0, "data/b.txt", 1, 1, 5));
  if (open_at(ROOT, "data/b.txt", 10, 0, __WASI_RIGHTS_FD_READ) != 0) return;
  tell("cutting open data", __wasi_fd_filestat_set_size(last_opened, 0));
  tell("making room in open data", __wasi_fd_allocate(last_opened, 0, 100));
  tell("more rights to open data", __wasi_fd_fdstat_set_rights(last_opened, ~0ull, ~0ull));
  const __wasi_ciovec_t text = {(const uint8_t *)"x", 1};
  __wasi_size_t written;
  tell("writing to open data", __wasi_fd_write(last_opened, &text, 1, &written));
  tell("writing into open data", __wasi_fd_pwrite(last_opened, &text, 1, 0, &written));
}

static void try_descriptors(void) {
  static const int numbers[] = {4, 99, 1023, 1024, 65536, INT32_MAX, -1, INT32_MIN};
  uint8_t bytes[8];
  const __wasi_iovec_t into = {bytes, sizeof bytes};
  __wasi_size_t count;
  __wasi_fdstat_t status;
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) {
    char what[32];
    snprintf(what, sizeof what, "reading descriptor %d", numbers[at]);
    if (numbers[at] != last_opened) tell(what, __wasi_fd_read(numbers[at], &into, 1, &count));
  }
  tell("closing it", __wasi_fd_close(last_opened));
  tell("closing it again", __wasi_fd_close(last_opened));
  tell("reading what is closed", __wasi_fd_read(last_opened, &into, 1, &count));
  tell("reading stdout", __wasi_fd_read(1, &into, 1, &count));
  tell("reading a folder", __wasi_fd_read(ROOT, &into, 1, &count));
  tell("stdin as a folder", open_at(0, "x", 1, 0, __WASI_RIGHTS_FD_READ));
  tell("seeking stdin", __wasi_fd_seek(0, 0, __WASI_WHENCE_SET, &(__wasi_filesize_t){0}));
  tell("another root", __wasi_fd_prestat_get(4, &(__wasi_prestat_t){0}));
  tell("renumbering nothing", __wasi_fd_renumber(99, 5));
  tell("renumbering to nothing", __wasi_fd_renumber(0, INT32_MAX));
  tell("renumbering the root to a negative", __wasi_fd_renumber(ROOT, -1));
  tell("the root is still there", __wasi_fd_fdstat_get(ROOT, &status));
  tell("a socket", __wasi_sock_shutdown(0, 1));
  tell("a call to a socket", __wasi_sock_accept(ROOT, 0, (__wasi_fd_t *)bytes));
}

static void try_addresses(void) {
  uint8_t *const end = (uint8_t *)(__builtin_wasm_memory_size(0) * 64 * KiB);
  __wasi_size_t count;
  const __wasi_iovec_t beyond = {end - 4, 8};
  const __wasi_iovec_t around = {(uint8_t *)16, UINT32_MAX};
  const __wasi_ciovec_t from = {end - 4, 8};
  tell("reading past memory", __wasi_fd_read(0, &beyond, 1, &count));
  tell("reading around memory", __wasi_fd_read(0, &around, 1, &count));
  tell("writing from past memory", __wasi_fd_write(2, &from, 1, &count));
  tell("buffers past memory", __wasi_fd_read(0, (const __wasi_iovec_t *)(end - 4), 1, &count));
  tell("random bytes past memory", __wasi_random_get(end - 4, 8));
  tell("4 GiB of random bytes", __wasi_random_get((uint8_t *)16, UINT32_MAX));
}

static void try_counts(void) {
  const __wasi_iovec_t none = {(uint8_t *)16, 0};
  __wasi_size_t count;
  tell("a billion buffers", __wasi_fd_read(0, &none, 1u << 30, &count));
  tell("buffers that overflow", __wasi_fd_read(0, &none, 1u << 29, &count));
  tell("a million waits", __wasi_poll_oneoff((const __wasi_subscription_t *)16,
                                             (__wasi_event_t *)16, 1000000, &count));
  tell("waits that overflow", __wasi_poll_oneoff((const __wasi_subscription_t *)16,
                                                 (__wasi_event_t *)16, 1u << 28, &count));
  tell("no wait", __wasi_poll_oneoff((const __wasi_subscription_t *)16, (__wasi_event_t *)16, 0,
                                     &count));
  int opened = 0;
  while (open_at(ROOT, "data/b.txt", 10, 0, __WASI_RIGHTS_FD_READ) == 0) opened++;
  printf("descriptors: %d\n", opened);
  while (last_opened > ROOT && __wasi_fd_close(last_opened) == 0) last_opened--;
  int made = 0;
  for (char name[32]; made < 100000; made++) {
    snprintf(name, sizeof name, "tmp/%d", made);
    if (__wasi_path_create_directory(ROOT, name) != 0) break;
  }
  printf("folders: %d\n", made);
  tell("a file more", open_at(ROOT, "big", 3, __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE));
  tell("a folder less", __wasi_path_remove_directory(ROOT, "tmp/0"));
  tell("a file then", open_at(ROOT, "big", 3, __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE));
  tell("8 EiB of it", __wasi_fd_filestat_set_size(last_opened, INT64_MAX));
  tell("more than it may have", __wasi_fd_allocate(last_opened, UINT64_MAX, UINT64_MAX));
  const __wasi_ciovec_t text = {(const uint8_t *)"x", 1};
  tell("a byte far away", __wasi_fd_pwrite(last_opened, &text, 1, INT64_MAX, &count));
  tell("a step far away", __wasi_fd_seek(last_opened, INT64_MAX, __WASI_WHENCE_SET,
                                         &(__wasi_filesize_t){0}));
}

/* Called directly, since the library's own function ends a path at its first zero byte. */
static int open_at(int fd, const char *path, size_t bytes, int oflags, uint64_t rights) {
  extern int32_t open_raw(int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int64_t, int32_t,
                          int32_t)
      __attribute__((__import_module__("wasi_snapshot_preview1"), __import_name__("path_open")));
  __wasi_fd_t opened = 0;
  int error = open_raw(fd, 0, (int32_t)path, (int32_t)bytes, oflags, (int64_t)rights, 0, 0,
                       (int32_t)&opened);
  if (error == 0) last_opened = opened;
  return error;
}

static void tell(const char *what, int error) { printf("%s: %d\n", what, error); }
