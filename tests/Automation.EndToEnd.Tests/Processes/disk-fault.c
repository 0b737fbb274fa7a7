/* Makes the disk fail for the files of the database, as the file that DISK_FAULT names says: "fsync" (EIO), "full" (ENOSPC), "readonly" (EROFS) or "write" (EIO); or as "checkpoint" says: for all but the log (ENOSPC).
   Without that file all is well. Loaded into the server with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char fault(void) {
  const char *control = getenv("DISK_FAULT");
  int before = errno, fd = control ? (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC) : -1;
  char kind[2] = {0, 0};
  if (fd >= 0) {
    if (read(fd, kind, 2) < 1) kind[0] = 0;
    syscall(SYS_close, fd);
  }
  errno = before;
  return kind[0] == 'f' && kind[1] == 'u' ? 'n' : kind[0]; /* c: checkpoint, f: fsync, n: full, r: readonly, w: write */
}

static int is_database(int fd, int with_log) {
  char link[64], target[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, target, sizeof target - 1);
  if (length < 0) return 0;
  target[length] = 0;
  return strstr(target, "automation.db") && !strstr(target, "-shm") && (with_log || !strstr(target, "-wal"));
}

static int refuses_writes(int fd) {
  char kind = fault();
  if (!kind || kind == 'f' || !is_database(fd, kind != 'c')) return 0;
  errno = kind == 'n' || kind == 'c' ? ENOSPC : kind == 'r' ? EROFS : EIO;
  return 1;
}

static int refuses_fsync(int fd) {
  if (fault() != 'f' || !is_database(fd, 1)) return 0;
  errno = EIO;
  return 1;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite");
  return refuses_writes(fd) ? -1 : real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
  return refuses_writes(fd) ? -1 : real(fd, bytes, count, at);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  return refuses_writes(fd) ? -1 : real(fd, bytes, count);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  return refuses_fsync(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  return refuses_fsync(fd) ? -1 : real(fd);
}
