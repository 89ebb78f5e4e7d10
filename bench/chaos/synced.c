/* What of a SQLite database a power cut leaves: the content of each of its files at its last fsync.

   Preloaded into a server. After every fsync of FILE.db or FILE.db-wal it copies the file to FILE.synced. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static void copy(const char *from, const char *to) {
    char part[1 << 16];
    ssize_t length;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (in >= 0 && out >= 0 && (length = read(in, part, sizeof part)) > 0)
        if (write(out, part, length) != length) _exit(99);
    if (in >= 0) close(in);
    if (out >= 0) close(out);
}

static void keep(int file) {
    char link[64], path[3900], beside[4000], synced[4000];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    if (!ends_with(path, ".db") && !ends_with(path, ".db-wal")) return;
    snprintf(beside, sizeof beside, "%s.copying", path);
    snprintf(synced, sizeof synced, "%s.synced", path);
    copy(path, beside);
    /* In one step, so that a process that is killed meanwhile leaves the copy of the sync before. */
    if (rename(beside, synced) != 0) _exit(99);
}

int fsync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(file);
    if (result == 0) keep(file);
    return result;
}

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(file);
    if (result == 0) keep(file);
    return result;
}
