#pragma once
// The contents of a capture file: its index, names, metadata and sums, and the records of its
// blocks. poll() takes in what the file holds now; the file may be finished, be that of a process
// that was killed, or be growing. Trusts nothing in the file: what cannot be right is left out and
// counted. One thread.

#include <cstdint>

#include "capture/block.h"
#include "report/base/memory.h"
#include "report/names/name_table.h"
#include "report/reader/capture_index.h"
#include "report/reader/capture_sums.h"
#include "report/reader/definition_reader.h"
#include "report/reader/metadata.h"
#include "report/reader/open_windows.h"
#include "report/reader/process_map.h"

namespace pymemflow::report {

// A limit of poll(): the latest moment up to which the order of events is known.
inline constexpr std::uint64_t kNow = ~std::uint64_t{0};

class CaptureContents {
 public:
  // The files are borrowed, and must outlive this.
  explicit CaptureContents(const CaptureFiles& files) : files_(files) {}

  // Replaces `limit`, if it is kNow, by the stamp below which all events are in the file.
  CaptureError poll(std::uint64_t& limit);

  const CaptureFiles& files() const { return files_; }
  const CaptureIndex& index() const { return index_; }
  const NameTable& names() const { return names_; }
  const Metadata& metadata() const { return metadata_; }
  const ProcessMap& process_map() const { return map_; }
  const ThreadNames& threads() const { return threads_; }
  // Of the mode Sums, as of the last poll().
  const Vector<EventSum>& sums() const { return sums_; }

  // Reads the records of a block of events. A window has those of the last poll().
  BlockRead read(const IndexedBlock& block, Vector<Word>& words) const;

  // Heads, blocks and definitions that were not what they should be.
  std::uint64_t damaged() const;

 private:
  CaptureError copy_windows();
  // Whether nothing was recorded since the windows were at this position.
  bool is_unchanged(std::size_t windows, std::uint64_t position) const;
  CaptureError take_records();
  // The stamp below which all events are known to be recorded, from the copied windows, and the
  // newest blocks of writers without a window.
  std::uint64_t known_limit() const;
  void read_definitions();

  const CaptureFiles files_;
  CaptureIndex index_;
  OpenWindows windows_;
  NameTable names_;
  Metadata metadata_;
  ProcessMap map_;
  ThreadNames threads_;
  DefinitionReader definitions_{names_, metadata_, map_, threads_};
  Vector<EventSum> sums_;
  std::uint64_t damaged_sums_ = 0;
};

}  // namespace pymemflow::report
