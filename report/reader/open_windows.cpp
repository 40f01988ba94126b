#include "report/reader/open_windows.h"

#include <unistd.h>

#include <span>
#include <utility>

namespace pymemflow::report {
namespace {

bool is_window_of_events(const IndexedBlock& place) {
  return place.head.kind == BlockKind::Events && place.is_window();
}

// It holds the records of this number now.
bool still_holds(int file, const IndexedBlock& place) {
  BlockHead head{};
  const auto offset = static_cast<off_t>(place.offset);
  if (::pread(file, &head, sizeof head, offset) != ssize_t{sizeof head}) return false;
  const bool is_filled = head.state == BlockState::Open || head.state == BlockState::Closed;
  return is_filled && head.number == place.head.number;
}

// How many words have been written for certain.
std::size_t extent_of(std::span<const Word> words) {
  std::size_t extent = 0;
  while (extent < words.size()) {
    const std::size_t record = record_words(words[extent]);
    if (record == 0 || record > words.size() - extent) break;
    extent += record;
  }
  return extent;
}

}  // namespace

void OpenWindows::take(int file) {
  copies_.clear();
  CaptureIndex index;
  if (read_index(file, index) != CaptureError::None) return;
  for (const IndexedBlock& place : index.of_kind(BlockKind::Events)) {
    if (!is_window_of_events(place)) continue;
    Copy copy = {place.head.number, {}};
    // A record is whole once its first word is there, but the file may be read in any order: so the
    // first words are looked for before, and the records are read after that.
    if (!read_block(file, place, copy.words)) continue;
    const std::size_t extent = extent_of(copy.words);
    if (!read_block(file, place, copy.words) || !still_holds(file, place)) continue;
    copy.words.resize(extent);
    copies_[place.head.writer] = std::move(copy);
  }
}

void OpenWindows::leave_others_out(CaptureIndex& index) const {
  std::erase_if(index.blocks, [this](const IndexedBlock& place) {
    return is_window_of_events(place) && find(place) == nullptr;
  });
}

const Vector<Word>* OpenWindows::find(const IndexedBlock& place) const {
  if (!is_window_of_events(place)) return nullptr;
  const auto found = copies_.find(place.head.writer);
  const bool is_copied = found != copies_.end() && found->second.number == place.head.number;
  return is_copied ? &found->second.words : nullptr;
}

}  // namespace pymemflow::report
