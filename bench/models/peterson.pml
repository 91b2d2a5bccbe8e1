/*
 * Peterson's lock for N processes for SPIN; see peterson.ts. One process with one control state,
 * one rule = one d_step = one transition, so that SPIN's counts equal those of the others.
 * N is 2 to 7.
 */
#ifndef N
#define N 4
#endif

#define IDLE 0
#define ENTER 1
#define WAIT 2
#define CRITICAL 3

#if N == 2
#define EACH(X) X(0) X(1)
#define SOME(X, i) (X(i, 0) || X(i, 1))
#elif N == 3
#define EACH(X) X(0) X(1) X(2)
#define SOME(X, i) (X(i, 0) || X(i, 1) || X(i, 2))
#elif N == 4
#define EACH(X) X(0) X(1) X(2) X(3)
#define SOME(X, i) (X(i, 0) || X(i, 1) || X(i, 2) || X(i, 3))
#elif N == 5
#define EACH(X) X(0) X(1) X(2) X(3) X(4)
#define SOME(X, i) (X(i, 0) || X(i, 1) || X(i, 2) || X(i, 3) || X(i, 4))
#elif N == 6
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define SOME(X, i) (X(i, 0) || X(i, 1) || X(i, 2) || X(i, 3) || X(i, 4) || X(i, 5))
#else
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6)
#define SOME(X, i) (X(i, 0) || X(i, 1) || X(i, 2) || X(i, 3) || X(i, 4) || X(i, 5) || X(i, 6))
#endif

byte pc[N];
byte level[N];
byte last[N]; /* of level k: last[k]; last[0] is never written */

#define AS_HIGH(i, k) (k != i && level[k] >= level[i])
#define INSIDE(i, k) (k != i && pc[k] == CRITICAL)

/* Mutual exclusion is checked where alone it can break: when a process becomes critical. */
#define RULES(i) \
  :: d_step { pc[i] == IDLE -> level[i] = 1; pc[i] = ENTER } \
  :: d_step { pc[i] == ENTER -> last[level[i]] = i; pc[i] = WAIT } \
  :: d_step { pc[i] == WAIT && (last[level[i]] != i || !SOME(AS_HIGH, i)) -> \
       if :: level[i] == N - 1 -> pc[i] = CRITICAL; assert(!SOME(INSIDE, i)) \
          :: else -> level[i] = level[i] + 1; pc[i] = ENTER fi } \
  :: d_step { pc[i] == CRITICAL -> level[i] = 0; pc[i] = IDLE }

active proctype system()
{
end:
  do
  EACH(RULES)
  od
}
