#pragma once
// Reads the definitions of a capture: what the numbers in its events stand for, and what it says of
// its process. Of one that still grows, again and again: each definition is taken once. One thread.

#include <cstdint>
#include <utility>

#include "capture/record.h"
#include "report/base/memory.h"
#include "report/reader/capture_index.h"
#include "report/reader/metadata.h"
#include "report/reader/name_table.h"

namespace pymemflow::report {

class DefinitionReader {
 public:
  DefinitionReader(NameTable& names, Metadata& facts) : names_(names), metadata_(facts) {}

  // Takes what is new. How many blocks and records were not what they should be.
  std::uint64_t read(int file, const CaptureIndex& index);

  // Places that refer to what has not been defined.
  std::uint64_t waiting() const { return waiting_.size(); }

 private:
  using Record = std::span<const Word>;
  // A Site or a Caller whose code or module another writer defined: that one's block may come
  // later.
  struct PendingSite {
    Word words[3];
  };

  // False: the block is damaged.
  bool read_new(Record words, std::size_t& taken, std::uint64_t& damaged);
  // False: it is no definition of a kind that is known.
  bool take(Record record);
  bool take_text(Record record);
  bool take_fact(Record record);
  bool take_module(Record record);
  // False: what it refers to is not there (yet).
  bool take_site(const Word* words);

  NameTable& names_;
  Metadata& metadata_;
  // Words taken, by writer and number of the block.
  Map<std::pair<std::uint32_t, std::uint64_t>, std::size_t> taken_;
  Vector<PendingSite> waiting_;
};

}  // namespace pymemflow::report
