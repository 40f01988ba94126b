#pragma once
// Reads the events of a capture (capture/block.h) one after the other, in the order in which they
// happened (docs/internals/order.md proves it). Holds one block per writer, and the names. Trusts
// nothing in the file: what cannot be right is left out and counted. One thread.
//
// One loop reads every capture: poll(), then next() until it returns false. A capture that may grow
// is polled again for the events that came since. The capture may be finished, be that of a process
// that was killed, or be growing, in another process or in this one.

#include <cstdint>
#include <span>

#include "capture/block.h"
#include "capture/event.h"
#include "capture/last_sizes.h"
#include "report/base/memory.h"
#include "report/names/site.h"
#include "report/reader/capture_contents.h"
#include "report/reader/event_sink.h"
#include "report/reader/process_info.h"

namespace pymemflow::report {

class CaptureReader {
 public:
  // The files are borrowed, and must outlive the reader.
  explicit CaptureReader(const CaptureFiles& files) : contents_(files) {}

  // Takes in what the file holds now. next() then returns the events whose stamp is smaller than
  // `limit`, which is kNow or a stamp of this process (interpose::record_turn()). An event that was
  // still being recorded when the limit was taken follows after the next poll(), before all others.
  //
  // A capture of the mode Sums begins again with each poll(), as its sums do.
  CaptureError poll(std::uint64_t limit = kNow);

  // The next event and its site; false after the last. The site is null if the
  // event has none. The site, and the name
  // of a Mark, are valid until the next poll().
  bool next(Event& event, const Site*& site);
  // The next events, as many as fit. False: there are none, and the batch is empty.
  bool next(EventBatch& batch);

  // In the mode Sums: the events that are not kept. Functions that release memory have no site.
  const Vector<EventSum>& sums() const { return sums_; }

  const CaptureFiles& files() const { return contents_.files(); }
  // The stamp below which all events were in the file at the last poll().
  std::uint64_t limit() const { return limit_; }
  const FileHead& head() const { return contents_.index().head(); }
  const Metadata& metadata() const { return contents_.metadata(); }
  const NameTable& names() const { return contents_.names(); }
  const ThreadNames& threads() const { return contents_.threads(); }
  // Whether events have a stack (NameTable::stacks()), and not their site alone.
  bool has_stacks() const { return pymemflow::has_stacks(head().frames); }
  // Whether stacks have C functions too.
  bool has_native_frames() const;
  std::uint32_t process() const { return head().process; }
  ProcessInfo process_info() const;

  // Events that were returned so far, and those in the sums.
  std::uint64_t recorded() const { return recorded_; }
  std::uint64_t lost() const { return contents_.index().lost(); }
  // In a ring: events that were recorded, and overwritten by later ones.
  std::uint64_t overwritten() const { return overwritten_; }
  // Whether blocks of the capture lie in a NAME.windows that was not given.
  bool lacks_windows() const { return contents_.index().lacks_windows(); }
  bool is_unseen(Unseen fact) const { return contents_.index().is_unseen(fact); }
  bool is_end_unseen() const { return contents_.index().is_end_unseen(); }
  // Blocks that nothing vouches for: they were being written when the process was killed.
  std::uint64_t unchecked() const { return contents_.index().unchecked(); }
  // Blocks, records and names that were not what they should be.
  std::uint64_t damaged() const { return damaged_ + contents_.damaged(); }
  // Times of which the record has no calls.
  std::uint64_t gaps() const { return gaps_; }
  // Events that were left out because what they refer to is damaged, or because they are samples.
  std::uint64_t left_out() const { return left_out_; }
  RecordCounts counts() const { return {recorded(), lost(), overwritten(), damaged(), left_out()}; }
  // The part of the events that has been read, from 0 to 1.
  double progress() const;
  // The blocks of events that the capture has; most have some thousand events.
  std::size_t event_blocks() const { return contents_.index().event_blocks(); }

 private:
  // An entry of the table of a block.
  struct UsedSite {
    StackId stack = kNoStack;
    SiteId site = kNoSite;
  };
  // The records of one writer, in its order.
  struct Stream {
    std::uint32_t writer = 0;
    std::uint64_t number = 0;   // of the current block; 0: none yet
    bool is_complete = true;    // the current block will not have more records than `words`
    bool is_overtaken = false;  // the ring used a block again before it was read
    std::uint64_t events = 0;   // of this writer before `position`, overwritten ones included
    Vector<Word> words;         // of the current block
    LastSizes sizes;            // likewise
    bool is_sampled = false;    // calls of the current block from here on are samples
    bool has_used = false;      // events of the current block refer to `used`
    Vector<UsedSite> used;      // likewise; the first entry is that of no site
    std::size_t position = 0;
    std::uint64_t key = 0;  // the latest stamp
    std::uint32_t thread = 0;
    std::uint64_t opened_ns = 0;  // of the current block
    std::uint64_t clock_ns = 0;   // the latest clock reading
    bool has_pending = false;     // a Move that is not in the order yet, but ended at `key`
    Event pending{};
  };
  enum class Step : std::uint8_t { Event, Turn, End };

  void take_sums();
  // Finds the streams of all writers, and continues each where it was.
  void update_streams();
  void begin_stream(const IndexedBlock& first);
  // Reads what was added to the current block.
  void extend_block(Stream& stream);
  bool load_block(Stream& stream);
  // The words of the block have been read.
  void begin_block(Stream& stream, const IndexedBlock& block);

  // The next event. A Move that an event overtakes comes before it.
  bool take_event(Event& event);
  // The next event by key.
  bool take_in_order(Event& event);
  Event take_pending(Stream& stream);
  // The stream's next event, or why there is none now.
  Step step(Stream& stream, Event& event);
  // A record that is not a call. True: it is an event.
  bool take_extended(Stream& stream, std::span<const Word> record, Event& event);
  // Replaces the index of an entry by its stack and site. False: there is no such entry.
  static bool resolve(const Stream& stream, Event& event);
  bool take_used(Stream& stream, std::span<const Word> record) const;
  bool read_mark(std::span<const Word> record, Event& event);
  static bool read_clock(Stream& stream, std::span<const Word> record);
  // The words of the record at the stream's position; empty if it is damaged.
  std::span<const Word> take_record(Stream& stream);
  static bool is_followed_by_end(const Stream& stream);
  // A Move that ended at a later stamp: it is not in the order yet.
  Step hold_back(Stream& stream, const Event& event);
  // The stream of a pending Move that must come before `event`, which hands its old block out
  // again.
  Stream* find_overtaken(const Event& event);
  // Whether stream `b` comes before stream `a`: the order of the heap.
  bool comes_later(std::uint32_t a, std::uint32_t b) const;
  void push(std::uint32_t stream);
  std::uint32_t pop();

  CaptureContents contents_;
  std::uint64_t limit_ = 0;  // stamps from here on come after a later poll()
  Vector<EventSum> sums_;
  Vector<Stream> streams_;
  Vector<std::uint32_t> heap_;  // streams by key
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::uint32_t current_ = kNone;
  std::size_t pending_moves_ = 0;
  bool has_held_ = false;  // an event that waits for the Moves before it
  Event held_{};
  HashMap<String, bool, StringHash> mark_names_;  // since the last poll()
  std::uint64_t recorded_ = 0;
  std::uint64_t overwritten_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t left_out_ = 0;
  std::uint64_t gaps_ = 0;
  std::size_t blocks_read_ = 0;
};

}  // namespace pymemflow::report
