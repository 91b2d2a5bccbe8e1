/*
 * The reference workload sept-zap for SPIN, to compare speeds on the same system: V vCPUs fault on,
 * access and accept the G pages of a memslot while it is zapped and created again. One rule of the
 * reference is one alternative of the loop and one d_step, so one transition.
 *
 *   spin -a -DV=3 -DG=3 sept-zap.pml
 *   gcc -O3 -DSAFETY -DNOREDUCE pan.c -o pan && ./pan -m1000000 -w24 -n
 *
 * -DNOTRACK gives the seeded bug: `track` no longer clears the cached translations.
 * There is one process with one control state, which adds no states: SPIN's counts equal the
 * reference's. Rules with parameters are written out per instance: choosing an instance in a loop
 * would add states. V is 1 to 4 and G is 1 to 5.
 */
#ifndef V
#define V 2
#endif
#ifndef G
#define G 2
#endif

#define FREE 0
#define MAPPED 1
#define BLOCKED 2

#define RUN 0
#define SNAP 1
#define LOCK 2

#define IDLE 0
#define BLOCKING 1
#define TRACK 2
#define REMOVING 3

/*
 * A read and a write per array. Plain, an array is an array. With -DPACKED it is one number with a
 * few bits per element, as somebody would write it for whom SPIN is too slow: the state takes 20
 * bytes instead of 36, and the search about a sixth less time.
 */
#ifdef PACKED
#define SEPT(g) (sept >> (2 * (g)) & 3)
#define SET_SEPT(g, x) sept = sept & ~(3 << (2 * (g))) | ((x) << (2 * (g)))
#define ACC(g) (acc >> (g) & 1)
#define SET_ACC(g, x) acc = acc & ~(1 << (g)) | ((x) << (g))
#define TLB(v, g) (tlb >> ((v) * G + (g)) & 1)
#define SET_TLB(v, g) tlb = tlb | 1 << ((v) * G + (g))
#define CLEAR_TLBS tlb = 0
#define PC(v) (pc >> (2 * (v)) & 3)
#define SET_PC(v, x) pc = pc & ~(3 << (2 * (v))) | (x) << (2 * (v))
#define FG(v) (fg >> (3 * (v)) & 7)
#define SET_FG(v, x) fg = fg & ~(7 << (3 * (v))) | (x) << (3 * (v))
#define FS(v) (fs >> (2 * (v)) & 3)
#define SET_FS(v, x) fs = fs & ~(3 << (2 * (v))) | (x) << (2 * (v))
unsigned sept : 10;
unsigned acc : 5;
unsigned tlb : 20;
unsigned pc : 8;
unsigned fg : 12;
unsigned fs : 8;
#else
#define SEPT(g) sept[g]
#define SET_SEPT(g, x) sept[g] = x
#define ACC(g) acc[g]
#define SET_ACC(g, x) acc[g] = x
#define TLB(v, g) tlb[(v) * G + (g)]
#define SET_TLB(v, g) tlb[(v) * G + (g)] = 1
#define CLEAR_TLBS \
  i = 0; \
  do :: i < V * G -> tlb[i] = 0; i++ :: else -> break od; \
  i = 0
#define PC(v) pc[v]
#define SET_PC(v, x) pc[v] = x
#define FG(v) fg[v]
#define SET_FG(v, x) fg[v] = x
#define FS(v) fs[v]
#define SET_FS(v, x) fs[v] = x
byte sept[G];
bool acc[G];
bool tlb[V * G];
byte pc[V];
byte fg[V];
byte fs[V];
#endif
bool slot = 1;
bool inval;
unsigned seq : 2;
unsigned zpc : 2;
unsigned zi : 3;
unsigned lock : 3;

#define CACHED_0(g) TLB(0, g)
#if V > 1
#define CACHED_1(g) CACHED_0(g) || TLB(1, g)
#else
#define CACHED_1(g) CACHED_0(g)
#endif
#if V > 2
#define CACHED_2(g) CACHED_1(g) || TLB(2, g)
#else
#define CACHED_2(g) CACHED_1(g)
#endif
#if V > 3
#define CACHED(g) (CACHED_2(g) || TLB(3, g))
#else
#define CACHED(g) (CACHED_2(g))
#endif

#define BACK_TO_RUN(v) lock = 0; SET_PC(v, RUN); SET_FG(v, 0); SET_FS(v, 0)

#define PAGE_RULES(v, g) \
  :: d_step { PC(v) == RUN && SEPT(g) == MAPPED && !TLB(v, g) -> SET_TLB(v, g) } \
  :: d_step { PC(v) == RUN && SEPT(g) == MAPPED && !ACC(g) -> SET_ACC(g, 1) } \
  :: d_step { PC(v) == RUN && slot && SEPT(g) == FREE -> \
       SET_PC(v, SNAP); SET_FG(v, g); SET_FS(v, seq) }

#define FAULT_RULES(v) \
  :: d_step { PC(v) == SNAP && lock == 0 -> lock = v + 1; SET_PC(v, LOCK) } \
  :: d_step { PC(v) == LOCK && (inval || FS(v) != seq) -> BACK_TO_RUN(v) } \
  :: d_step { PC(v) == LOCK && !inval && FS(v) == seq -> \
       if :: SEPT(FG(v)) == FREE -> SET_SEPT(FG(v), MAPPED) :: else fi; BACK_TO_RUN(v) }

#if G == 1
#define VCPU_RULES(v) FAULT_RULES(v) PAGE_RULES(v, 0)
#elif G == 2
#define VCPU_RULES(v) FAULT_RULES(v) PAGE_RULES(v, 0) PAGE_RULES(v, 1)
#elif G == 3
#define VCPU_RULES(v) FAULT_RULES(v) PAGE_RULES(v, 0) PAGE_RULES(v, 1) PAGE_RULES(v, 2)
#elif G == 4
#define VCPU_RULES(v) \
  FAULT_RULES(v) PAGE_RULES(v, 0) PAGE_RULES(v, 1) PAGE_RULES(v, 2) PAGE_RULES(v, 3)
#else
#define VCPU_RULES(v) \
  FAULT_RULES(v) PAGE_RULES(v, 0) PAGE_RULES(v, 1) PAGE_RULES(v, 2) PAGE_RULES(v, 3) \
  PAGE_RULES(v, 4)
#endif

active proctype system()
{
#ifndef PACKED
  byte i;
#endif
end:
  do
  VCPU_RULES(0)
#if V > 1
  VCPU_RULES(1)
#endif
#if V > 2
  VCPU_RULES(2)
#endif
#if V > 3
  VCPU_RULES(3)
#endif
  :: d_step { zpc == IDLE && slot && lock == 0 ->
       lock = V + 1; inval = 1; zpc = BLOCKING; zi = 0 }
  :: d_step { zpc == BLOCKING && zi < G ->
       if :: SEPT(zi) == MAPPED -> SET_SEPT(zi, BLOCKED) :: else fi; zi = zi + 1 }
  :: d_step { zpc == BLOCKING && zi == G -> zpc = TRACK; zi = 0 }
  :: d_step { zpc == TRACK ->
#ifndef NOTRACK
       CLEAR_TLBS;
#endif
       zpc = REMOVING }
  /* The invariant, checked where alone it can break: no other rule sets an entry to FREE, and
   * `access` requires MAPPED. Cheaper for SPIN than a check in every state. */
  :: d_step { zpc == REMOVING && zi < G ->
       if :: SEPT(zi) == BLOCKED -> SET_SEPT(zi, FREE); SET_ACC(zi, 0); assert(!CACHED(zi))
          :: else fi;
       zi = zi + 1 }
  :: d_step { zpc == REMOVING && zi == G ->
       inval = 0; seq = (seq + 1) % 4; lock = 0; slot = 0; zpc = IDLE; zi = 0 }
  :: d_step { zpc == IDLE && !slot && lock == 0 -> slot = 1 }
  od
}
