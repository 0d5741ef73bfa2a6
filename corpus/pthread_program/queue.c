#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <sc/static_call.h>
#include <sc/static_key.h>

#define QUEUE_SIZE 8

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t config_lock = PTHREAD_MUTEX_INITIALIZER;

static int jobs[QUEUE_SIZE];
static unsigned int head, tail;

unsigned long contended;
unsigned long handled;

DEFINE_STATIC_KEY_FALSE(lock_statistics);

static int no_lock(pthread_mutex_t *mutex)
{
    return mutex ? 0 : EINVAL;
}

static int real_lock(pthread_mutex_t *mutex)
{
    if (static_branch_unlikely(&lock_statistics)) {
        int err = pthread_mutex_trylock(mutex);

        if (err != EBUSY)
            return err;
        contended++;
    }
    return pthread_mutex_lock(mutex);
}

static int no_unlock(pthread_mutex_t *mutex)
{
    (void)mutex;
    return 0;
}

/* A program of one thread does not lock. */
DEFINE_STATIC_CALL(lock, no_lock);
DEFINE_STATIC_CALL(unlock, no_unlock);
DEFINE_STATIC_CALL_RET0(wake, pthread_cond_signal);

int go_parallel(int yes)
{
    int err = pthread_mutex_lock(&config_lock);

    if (err)
        return err;
    if (yes) {
        static_call_update(lock, real_lock);
        static_call_update(unlock, pthread_mutex_unlock);
        static_call_update(wake, pthread_cond_signal);
    } else {
        static_call_update(wake, (void *)&__static_call_return0);
        static_call_update(unlock, no_unlock);
        static_call_update(lock, no_lock);
    }
    return pthread_mutex_unlock(&config_lock);
}

int push(int job)
{
    int length;

    if (static_call(lock)(&queue_lock))
        abort();
    jobs[tail++ % QUEUE_SIZE] = job;
    length = (int)(tail - head);
    static_call(wake)(&not_empty);
    static_call(unlock)(&queue_lock);
    return length;
}

int run_one(void)
{
    int job = -1;

    if (static_call(lock)(&queue_lock))
        abort();
    if (head != tail) {
        job = jobs[head++ % QUEUE_SIZE];
        handled++;
    }
    static_call(unlock)(&queue_lock);
    return job;
}
