#pragma once
// Reads the definitions of a capture into a table of names and the metadata. A growing capture is
// read again and again: each definition is taken once. One thread.

#include <cstdint>
#include <span>
#include <utility>

#include "capture/record.h"
#include "report/base/memory.h"
#include "report/names/name_table.h"
#include "report/names/thread_names.h"
#include "report/reader/capture_index.h"
#include "report/reader/metadata.h"
#include "report/reader/process_map.h"

namespace pymemflow::report {

class DefinitionReader {
 public:
  DefinitionReader(NameTable& names, Metadata& metadata, ProcessMap& map, ThreadNames& threads)
      : names_(names), metadata_(metadata), map_(map), threads_(threads) {}

  // Takes the definitions that are new.
  void read(const CaptureFiles& files, const CaptureIndex& index);

  // Sites that refer to a code or module that has not been defined, and stacks whose parent has
  // not.
  std::uint64_t waiting() const { return waiting_.size() + names_.stacks().waiting(); }
  // Blocks and definitions that were not what they should be.
  std::uint64_t damaged() const { return damaged_; }

 private:
  using Record = std::span<const Word>;
  struct Progress {
    std::size_t words = 0;    // that were taken
    bool is_damaged = false;  // nothing more is taken
  };
  // A Site or Caller whose code or module is defined in a block that may come later.
  struct PendingSite {
    Word words[3];
  };

  // False: the block is damaged.
  bool take_new(Record words, std::size_t& taken);
  // False: the definition is damaged, or of an unknown kind.
  bool take(Record record);
  bool take_text(Record record);
  bool take_metadata(Record record);
  bool take_module(Record record);
  bool take_thread_name(Record record);
  // False: what it refers to has not been defined yet.
  bool take_site(const Word* words);

  NameTable& names_;
  Metadata& metadata_;
  ProcessMap& map_;
  ThreadNames& threads_;
  Map<std::pair<std::uint32_t, std::uint64_t>, Progress>
      progress_;  // by writer and number of block
  Vector<PendingSite> waiting_;
  std::uint64_t damaged_ = 0;
};

}  // namespace pymemflow::report
