/*
 * German's directory cache protocol for SPIN; see german.ts. One process with one control state,
 * one rule = one d_step = one transition, so that SPIN's counts equal those of the others.
 * N is 2 to 6.
 */
#ifndef N
#define N 3
#endif

#define INVALID 0
#define SHARED 1
#define EXCLUSIVE 2

#define NOTHING 0
#define INVALIDATE 3 /* as an answer; SHARED and EXCLUSIVE grant that mode */

#if N == 2
#define EACH(X) X(0) X(1)
#define ALL(X) (X(0) && X(1))
#define CACHES (cache[0] + cache[1])
#define MARK_ALL MARK(0) MARK(1)
#elif N == 3
#define EACH(X) X(0) X(1) X(2)
#define ALL(X) (X(0) && X(1) && X(2))
#define CACHES (cache[0] + cache[1] + cache[2])
#define MARK_ALL MARK(0) MARK(1) MARK(2)
#elif N == 4
#define EACH(X) X(0) X(1) X(2) X(3)
#define ALL(X) (X(0) && X(1) && X(2) && X(3))
#define CACHES (cache[0] + cache[1] + cache[2] + cache[3])
#define MARK_ALL MARK(0) MARK(1) MARK(2) MARK(3)
#elif N == 5
#define EACH(X) X(0) X(1) X(2) X(3) X(4)
#define ALL(X) (X(0) && X(1) && X(2) && X(3) && X(4))
#define CACHES (cache[0] + cache[1] + cache[2] + cache[3] + cache[4])
#define MARK_ALL MARK(0) MARK(1) MARK(2) MARK(3) MARK(4)
#else
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define ALL(X) (X(0) && X(1) && X(2) && X(3) && X(4) && X(5))
#define CACHES (cache[0] + cache[1] + cache[2] + cache[3] + cache[4] + cache[5])
#define MARK_ALL MARK(0) MARK(1) MARK(2) MARK(3) MARK(4) MARK(5)
#endif

byte cache[N];
bit cache_value[N];
byte request[N];
byte answer[N];
bit answer_value[N];
bit acknowledged[N];
bit acknowledged_value[N];
bit to_invalidate[N];
bit has_copy[N];
bit is_exclusive;
bit home_value;
byte command;
byte current;
bit latest;

#define NO_COPY(k) !has_copy[k]
#define LATEST(k) (cache[k] == INVALID || cache_value[k] == latest)
#define NOT_EXCLUSIVE(k) (cache[k] != EXCLUSIVE)
#define CHECK_VALUES assert((is_exclusive || home_value == latest) && ALL(LATEST))
#define MARK(k) to_invalidate[k] = has_copy[k];

/* The invariants are checked where alone they can break. */
#define RULES(i) \
  :: d_step { cache[i] == EXCLUSIVE -> cache_value[i] = 0; latest = 0; CHECK_VALUES } \
  :: d_step { cache[i] == EXCLUSIVE -> cache_value[i] = 1; latest = 1; CHECK_VALUES } \
  :: d_step { request[i] == INVALID && cache[i] == INVALID -> request[i] = SHARED } \
  :: d_step { request[i] == INVALID && cache[i] != EXCLUSIVE -> request[i] = EXCLUSIVE } \
  :: d_step { command == INVALID && request[i] != INVALID -> \
       command = request[i]; current = i; request[i] = INVALID; MARK_ALL } \
  :: d_step { answer[i] == NOTHING && to_invalidate[i] && \
       (command == EXCLUSIVE || command == SHARED && is_exclusive) -> \
       answer[i] = INVALIDATE; to_invalidate[i] = 0 } \
  :: d_step { answer[i] == INVALIDATE && !acknowledged[i] -> \
       answer[i] = NOTHING; acknowledged[i] = 1; \
       if :: cache[i] == EXCLUSIVE -> acknowledged_value[i] = cache_value[i] :: else fi; \
       cache[i] = INVALID; cache_value[i] = 0 } \
  :: d_step { acknowledged[i] && command != INVALID -> \
       acknowledged[i] = 0; has_copy[i] = 0; \
       if \
       :: is_exclusive -> \
            is_exclusive = 0; home_value = acknowledged_value[i]; CHECK_VALUES \
       :: else \
       fi; \
       acknowledged_value[i] = 0 } \
  :: d_step { command == SHARED && current == i && answer[i] == NOTHING && !is_exclusive -> \
       answer[i] = SHARED; answer_value[i] = home_value; has_copy[i] = 1; \
       command = INVALID; current = 0 } \
  :: d_step { command == EXCLUSIVE && current == i && answer[i] == NOTHING && !is_exclusive && \
       ALL(NO_COPY) -> \
       answer[i] = EXCLUSIVE; answer_value[i] = home_value; has_copy[i] = 1; \
       is_exclusive = 1; command = INVALID; current = 0 } \
  :: d_step { answer[i] == SHARED || answer[i] == EXCLUSIVE -> \
       if :: answer[i] == SHARED -> assert(ALL(NOT_EXCLUSIVE)) \
          :: else -> assert(CACHES == cache[i]) fi; \
       cache[i] = answer[i]; cache_value[i] = answer_value[i]; \
       answer[i] = NOTHING; answer_value[i] = 0; CHECK_VALUES }

active proctype system()
{
end:
  do
  EACH(RULES)
  od
}
