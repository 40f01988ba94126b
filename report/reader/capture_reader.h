#pragma once
// Reads a capture (capture/block.h): first its names, then its events, one after the other, in
// the order in which they happened (interpose/recording/turn.h). Holds one block a writer and the
// names, whatever the size of the capture. Trusts nothing in the file: what cannot be right is left
// out and counted. For one thread. The process that is being recorded may be this one: its
// recording ended, or, with follow(), going on.

#include <cstdint>
#include <span>

#include "capture/block.h"
#include "capture/event.h"
#include "report/base/memory.h"
#include "report/reader/capture_index.h"
#include "report/reader/capture_sums.h"
#include "report/reader/definition_reader.h"
#include "report/reader/metadata.h"
#include "report/reader/name_table.h"
#include "report/reader/open_windows.h"
#include "report/reader/process_info.h"
#include "report/reader/site.h"

namespace pymemflow::report {

class CaptureReader {
 public:
  // `file` is borrowed, and must outlive the reader.
  explicit CaptureReader(int file) : file_(file) {}

  // To be called first.
  CaptureError open();

  // In the place of open(), while the process records on: next() then hands out the events that
  // have a smaller stamp than this one, which interpose::record_turn() gave. To be called again,
  // with a greater one, for those that came after them. An event that was being recorded when the
  // stamp was taken comes with one of the two calls, with the later one in front of the others.
  CaptureError follow(std::uint64_t stamp);

  // The next event and its site, which lives as long as the reader, or until follow(); false after
  // the last. A Mark has no site.
  bool next(Event& event, const Site*& site);

  // What there was of the events that are not kept (RecordMode::Sums). Null site: of a function
  // that takes memory back.
  const Vector<EventSum>& sums() const { return sums_; }

  const FileHead& head() const { return index_.head; }
  const Metadata& metadata() const { return metadata_; }
  std::uint32_t process() const { return index_.head.process; }
  const NameTable& names() const { return names_; }
  ProcessInfo process_info() const;

  // Events that were handed out so far, and those that are in the sums.
  std::uint64_t recorded() const { return recorded_; }
  std::uint64_t lost() const { return index_.lost + index_.head.lost; }
  // In a ring: events that were recorded, and later ones put in their place.
  std::uint64_t overwritten() const { return overwritten_; }
  // Blocks, records and names that were not what they should be.
  std::uint64_t damaged() const { return damaged_ + index_.damaged; }
  // Events that were left out because what they refer to is damaged.
  std::uint64_t left_out() const { return left_out_; }
  // How much of the events has been read, from 0 to 1.
  double progress() const;

 private:
  // One writer's records, in its order.
  struct Stream {
    std::uint32_t writer = 0;
    std::uint64_t number = 0;  // of the current block
    std::span<const IndexedBlock> blocks;
    std::size_t next_block = 0;
    Vector<Word> words;  // of the current block
    LastSizes sizes;     // likewise
    std::size_t position = 0;
    std::uint64_t key = 0;  // the latest stamp
    std::uint32_t thread = 0;
    std::uint64_t opened_ns = 0;  // of the current block
    bool has_pending = false;     // a Move that has no place in the order yet, but ends at `key`
    std::size_t pending_position = 0;  // of that Move
    Event pending{};
  };
  enum class Step : std::uint8_t { Event, Turn, End };

  // The next event; a Move that an event overtakes comes before it.
  bool take_event(Event& event);
  // The next event by key.
  bool take_in_order(Event& event);
  Event take_pending(Stream& stream);
  // The stream's next event, or why there is none now.
  Step step(Stream& stream, Event& event);
  bool load_block(Stream& stream);
  // Takes what is new in a live capture, and leaves each stream where it was.
  void update_streams();
  Stream& stream_of(std::uint32_t writer);
  // Reads the current block again, up to where the stream was in it.
  bool resume(Stream& stream, std::uint64_t number, std::size_t position);
  // False: there is no such mark.
  bool read_mark(std::span<const Word> record, Event& event);
  // The words of the record at the stream's position; empty when it is cut short.
  std::span<const Word> take_record(Stream& stream);
  static bool is_followed_by_end(const Stream& stream);
  // A Move that ended at a later stamp: it has no place in the order yet.
  Step hold_back(Stream& stream, const Event& event);
  void take_sums();
  // The stream of a pending Move that must come before `event`, which hands its old block out
  // again.
  Stream* find_overtaken(const Event& event);
  void push(std::uint32_t stream);
  std::uint32_t pop();

  const int file_;
  CaptureIndex index_;
  NameTable names_;
  Metadata metadata_;
  DefinitionReader definitions_{names_, metadata_};
  OpenWindows windows_;
  // Stamps from here on come with a later follow().
  std::uint64_t limit_ = ~std::uint64_t{0};
  Vector<EventSum> sums_;
  Vector<Stream> streams_;
  Vector<std::uint32_t> heap_;  // streams by key
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::uint32_t current_ = kNone;
  std::size_t pending_moves_ = 0;
  bool has_held_ = false;  // an event that waits until the Moves before it were handed out
  Event held_{};
  std::uint64_t recorded_ = 0;
  std::uint64_t overwritten_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t left_out_ = 0;
  std::size_t blocks_read_ = 0;
  // The names of marks that were handed out.
  HashMap<String, bool, StringHash> mark_names_;
};

}  // namespace pymemflow::report
