/* A wall clock that can be turned under a running program: loaded by LD_PRELOAD, it adds the seconds that
 * stand as a number in the file CHAOS_CLOCK. Time that only passes (CLOCK_MONOTONIC and what sleeps by it)
 * stays as it is, as on a machine whose administrator sets the clock.
 *
 * Debian's libfaketime cannot do this: told to leave CLOCK_MONOTONIC alone it makes Python's time.sleep fail,
 * redis-server does not even start under it, and a program that is killed leaves its shared memory behind.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *turned_by;

__attribute__((constructor)) static void look_for_the_file(void) {
    const char *path = getenv("CHAOS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *turned_by, PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) turned_by = mapped;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (!result && turned_by && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *turned_by;
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    (void)zone;
    struct timespec precise;
    int result = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return result;
}

time_t time(time_t *now) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (now) *now = precise.tv_sec;
    return precise.tv_sec;
}
