/*
 * Leader election in a ring of N nodes for SPIN; see leader.ts. One process with one control state,
 * one rule = one d_step = one transition, so that SPIN's counts equal those of the others. Queues
 * are arrays, as SPIN's own channels would make a transition of each end. N is 2 to 9.
 */
#ifndef N
#define N 4
#endif

#define IDLE 0
#define ACTIVE 1
#define PASSIVE 2
#define LEADER 3

byte mode[N];
byte length[N];
byte inbox[N]; /* 0: empty; name + 1 */
byte queue[N * N];

#define NEXT(i) ((i + 1) % N)
#define OWN(i) (N - 1 - i)
#define NAME(i) (inbox[i] - 1)
#define SEND(i, x) queue[NEXT(i) * N + length[NEXT(i)]] = x; length[NEXT(i)]++

/* Every name moves one place forward. Written out: a loop would need a variable in the state. */
#define MOVE(i, k) queue[i * N + k] = queue[i * N + k + 1]
#define CLEAR_LAST(i) queue[i * N + N - 1] = 0
#define SHIFT_2(i) MOVE(i, 0)
#define SHIFT_3(i) SHIFT_2(i); MOVE(i, 1)
#define SHIFT_4(i) SHIFT_3(i); MOVE(i, 2)
#define SHIFT_5(i) SHIFT_4(i); MOVE(i, 3)
#define SHIFT_6(i) SHIFT_5(i); MOVE(i, 4)
#define SHIFT_7(i) SHIFT_6(i); MOVE(i, 5)
#define SHIFT_8(i) SHIFT_7(i); MOVE(i, 6)
#define SHIFT_9(i) SHIFT_8(i); MOVE(i, 7)
#define JOIN(a, b) a##b
#define SHIFT_N(n, i) JOIN(SHIFT_, n)(i)
#define SHIFT(i) SHIFT_N(N, i); CLEAR_LAST(i)

/* The invariant is checked where alone it can break: when a node becomes leader. */
#define RULES(i) \
  :: d_step { mode[i] == IDLE -> mode[i] = ACTIVE; SEND(i, OWN(i)) } \
  :: d_step { length[i] > 0 && inbox[i] == 0 -> \
       inbox[i] = queue[i * N] + 1; \
       SHIFT(i); \
       length[i]-- } \
  :: d_step { inbox[i] > 0 -> \
       if \
       :: NAME(i) > OWN(i) -> mode[i] = PASSIVE; SEND(i, NAME(i)) \
       :: NAME(i) == OWN(i) -> mode[i] = LEADER; assert(i == 0) \
       :: NAME(i) < OWN(i) && mode[i] == IDLE -> mode[i] = ACTIVE; SEND(i, OWN(i)) \
       :: else \
       fi; \
       inbox[i] = 0 }

active proctype system()
{
end:
  do
  RULES(0)
  RULES(1)
#if N > 2
  RULES(2)
#endif
#if N > 3
  RULES(3)
#endif
#if N > 4
  RULES(4)
#endif
#if N > 5
  RULES(5)
#endif
#if N > 6
  RULES(6)
#endif
#if N > 7
  RULES(7)
#endif
#if N > 8
  RULES(8)
#endif
  od
}
