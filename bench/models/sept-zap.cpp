/*
 * The reference workload sept-zap, written by hand in C++: what a program that knows only this one
 * system can do on one thread, as the upper mark for the benchmark. Breadth-first, exact; a state
 * is packed into one 64-bit word, the visited set is one table with open addressing that doubles at
 * half load, and states are inserted in batches so that the loads of a batch overlap.
 *
 *   g++ -O3 -march=native -DV=3 -DG=3 sept-zap.cpp -o sept-zap && ./sept-zap
 *
 * -DNOTRACK gives the seeded bug. Prints one JSON object; exits 1 when the invariant is violated.
 * With the argument `successors N` it then generates the successors of all states once more, N
 * times, without a visited set, and prints the least time of a pass as a second object.
 * The word 0 means an empty slot; packed states are stored plus one.
 */
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <utility>
#include <vector>

#ifndef V
#define V 3
#endif
#ifndef G
#define G 3
#endif

namespace {

using Word = uint64_t;

enum Sept : Word { FREE, MAPPED, BLOCKED };
enum Vcpu : Word { RUN, SNAP, LOCK };
enum Zapper : Word { IDLE, BLOCKING, TRACK, REMOVING };

/** A field of the packed state: `width` bits from bit `offset` on. */
template <int Offset, int Width> struct Field {
  static constexpr int end = Offset + Width;
  static constexpr Word mask = ((Word(1) << Width) - 1) << Offset;
  static Word get(Word state) { return (state & mask) >> Offset; }
  static Word set(Word state, Word value) { return (state & ~mask) | (value << Offset); }
};

/** `Count` fields of one width, side by side. */
template <int Offset, int Width, int Count> struct Fields {
  static constexpr int end = Offset + Width * Count;
  static constexpr Word one = (Word(1) << Width) - 1;
  static Word get(Word state, int i) { return (state >> (Offset + Width * i)) & one; }
  static Word set(Word state, int i, Word value) {
    const int shift = Offset + Width * i;
    return (state & ~(one << shift)) | (value << shift);
  }
};

using Slot = Field<0, 1>;
using Inval = Field<Slot::end, 1>;
using Seq = Field<Inval::end, 2>;
using Lock = Field<Seq::end, 3>;
using Zpc = Field<Lock::end, 2>;
using Zi = Field<Zpc::end, 3>;
using SeptOf = Fields<Zi::end, 2, G>;
using Acc = Fields<SeptOf::end, 1, G>;
using Tlb = Fields<Acc::end, 1, V * G>;
using Pc = Fields<Tlb::end, 2, V>;
using Fg = Fields<Pc::end, 3, V>;
using Fs = Fields<Fg::end, 2, V>;
static_assert(Fs::end < 64, "a state has to fit into one word, less one value");

/** Calls `emit` with the successor of `s` under each enabled rule instance. */
template <typename Emit> inline void expand(Word s, Emit emit) {
  const Word slot = Slot::get(s), inval = Inval::get(s), seq = Seq::get(s), lock = Lock::get(s);
  for (int v = 0; v < V; v++) {
    const Word pc = Pc::get(s, v);
    if (pc == RUN) {
      for (int g = 0; g < G; g++) {
        const Word sept = SeptOf::get(s, g);
        if (sept == MAPPED) {
          if (!Tlb::get(s, v * G + g)) emit(Tlb::set(s, v * G + g, 1));
          if (!Acc::get(s, g)) emit(Acc::set(s, g, 1));
        } else if (sept == FREE && slot) {
          emit(Fs::set(Fg::set(Pc::set(s, v, SNAP), v, Word(g)), v, seq));
        }
      }
    } else if (pc == SNAP) {
      if (lock == 0) emit(Pc::set(Lock::set(s, Word(v + 1)), v, LOCK));
    } else {
      Word next = Fs::set(Fg::set(Pc::set(Lock::set(s, 0), v, RUN), v, 0), v, 0);
      if (!inval && Fs::get(s, v) == seq) {
        const int g = int(Fg::get(s, v));
        if (SeptOf::get(s, g) == FREE) next = SeptOf::set(next, g, MAPPED);
      }
      emit(next);
    }
  }
  const Word zpc = Zpc::get(s), zi = Zi::get(s);
  if (zpc == IDLE) {
    if (lock != 0) return;
    if (slot)
      emit(Zi::set(Zpc::set(Inval::set(Lock::set(s, V + 1), 1), BLOCKING), 0));
    else
      emit(Slot::set(s, 1));
  } else if (zpc == TRACK) {
    Word next = Zpc::set(s, REMOVING);
#ifndef NOTRACK
    for (int i = 0; i < V * G; i++) next = Tlb::set(next, i, 0);
#endif
    emit(next);
  } else if (zi == G) {
    if (zpc == BLOCKING)
      emit(Zi::set(Zpc::set(s, TRACK), 0));
    else
      emit(Zi::set(Zpc::set(Slot::set(Lock::set(Seq::set(Inval::set(s, 0), (seq + 1) & 3), 0), 0),
                            IDLE), 0));
  } else {
    const int g = int(zi);
    Word next = Zi::set(s, zi + 1);
    const Word sept = SeptOf::get(s, g);
    if (zpc == BLOCKING && sept == MAPPED) next = SeptOf::set(next, g, BLOCKED);
    if (zpc == REMOVING && sept == BLOCKED) next = Acc::set(SeptOf::set(next, g, FREE), g, 0);
    emit(next);
  }
}

/** The invariant: nobody caches a translation of a page whose entry is FREE. */
inline bool holds(Word s) {
  for (int g = 0; g < G; g++)
    if (SeptOf::get(s, g) == FREE)
      for (int v = 0; v < V; v++)
        if (Tlb::get(s, v * G + g)) return false;
  return true;
}

inline Word mix(Word x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  x ^= x >> 32;
  return x;
}

/** Open addressing with linear probing; the memory comes zeroed, in large pages where there are. */
class VisitedSet {
public:
  explicit VisitedSet(unsigned bits) : bits(bits), slots(allocate(bits)) {}

  Word home(Word state) const { return mix(state) >> (64 - bits); }
  void prefetch(Word slot) const { __builtin_prefetch(&slots[slot], 1); }

  /** Whether `state` is new; it is in the set afterwards. */
  bool insert(Word state, Word slot) {
    const Word mask = (Word(1) << bits) - 1;
    for (;; slot = (slot + 1) & mask) {
      if (slots[slot] == state + 1) return false;
      if (slots[slot] == 0) {
        slots[slot] = state + 1;
        count++;
        return true;
      }
    }
  }

  /** Doubles the table until `more` states fit below half load. */
  void reserve(Word more) {
    while ((count + more) * 2 > Word(1) << bits) {
      VisitedSet twice(bits + 1);
      for (Word i = 0; i < Word(1) << bits; i++)
        if (slots[i]) twice.insert(slots[i] - 1, twice.home(slots[i] - 1));
      std::swap(bits, twice.bits);
      std::swap(slots, twice.slots);
    }
  }

  ~VisitedSet() { munmap(slots, sizeof(Word) << bits); }
  Word bytes() const { return sizeof(Word) << bits; }

  Word count = 0;

private:
  static Word *allocate(unsigned bits) {
    void *memory = mmap(nullptr, sizeof(Word) << bits, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      std::fputs("out of memory\n", stderr);
      std::exit(3);
    }
    madvise(memory, sizeof(Word) << bits, MADV_HUGEPAGE);
    return static_cast<Word *>(memory);
  }

  unsigned bits;
  Word *slots;
};

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/** As many rows as a batch of states can have successors. */
constexpr Word batch = 256;
constexpr Word rowsMax = batch * (V * G * 2 + V + 1);

/** Writes the successors of `count` states to `rows`; returns how many there are. */
Word expandBatch(const Word *states, size_t count, Word *rows) {
  Word found = 0;
  for (size_t i = 0; i < count; i++)
    expand(states[i], [&](Word successor) { rows[found++] = successor; });
  return found;
}

/** Times the generation of successors alone: all states, batch by batch into one buffer. */
void timeSuccessors(const std::vector<Word> &states, int passes) {
  static Word rows[rowsMax];
  Word transitions = 0;
  double best = 1e9;
  for (int pass = 0; pass < passes; pass++) {
    const auto start = Clock::now();
    transitions = 0;
    for (size_t from = 0; from < states.size(); from += batch) {
      const size_t rest = states.size() - from;
      transitions += expandBatch(&states[from], rest < batch ? rest : size_t(batch), rows);
      asm volatile("" : : "r"(rows) : "memory"); // somebody might read the rows
    }
    const double seconds = secondsSince(start);
    if (seconds < best) best = seconds;
  }
  std::printf("{\"transitions\": %llu, \"seconds\": %.6f}\n", (unsigned long long)transitions,
              best);
}

} // namespace

int main(int argc, char **argv) {
  const bool wantsSuccessors = argc == 3 && std::strcmp(argv[1], "successors") == 0;
  const auto start = Clock::now();
  VisitedSet visited(16);
  std::vector<Word> frontier{Slot::set(0, 1)}, next;
  Word transitions = 0, depth = 0, violations = 0;
  Word rows[rowsMax], homes[rowsMax];
  std::vector<Word> states;
  visited.insert(frontier[0], visited.home(frontier[0]));
  for (;; depth++) {
    for (size_t from = 0; from < frontier.size(); from += batch) {
      const size_t to = from + batch < frontier.size() ? from + batch : frontier.size();
      const Word found = expandBatch(&frontier[from], to - from, rows);
      visited.reserve(found);
      for (Word i = 0; i < found; i++) visited.prefetch(homes[i] = visited.home(rows[i]));
      for (Word i = 0; i < found; i++)
        if (visited.insert(rows[i], homes[i])) {
          violations += !holds(rows[i]);
          next.push_back(rows[i]);
        }
      transitions += found;
    }
    if (wantsSuccessors) states.insert(states.end(), frontier.begin(), frontier.end());
    if (next.empty() || violations) break;
    frontier.swap(next);
    next.clear();
  }
  if (violations) depth++;
  const double elapsed = secondsSince(start);
  std::printf("{\"states\": %llu, \"transitions\": %llu, \"depth\": %llu, \"violated\": %s, "
              "\"seconds\": %.6f, \"visitedBytes\": %llu}\n",
              (unsigned long long)visited.count, (unsigned long long)transitions,
              (unsigned long long)depth, violations ? "true" : "false", elapsed,
              (unsigned long long)visited.bytes());
  if (wantsSuccessors) timeSuccessors(states, std::atoi(argv[2]));
  return violations ? 1 : 0;
}
