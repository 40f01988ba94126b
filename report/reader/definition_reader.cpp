#include "report/reader/definition_reader.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace pymemflow::report {

namespace {

bool has(std::span<const Word> record, std::size_t payload) {
  return record.size() == payload + 1;
}

// Gets the piece of text in a Text or Metadata record. Returns false if its length exceeds the
// record.
bool read_piece(std::span<const Word> record, std::string_view& piece) {
  if (record.size() < 2) return false;
  const std::size_t bytes = piece_bytes(record[1]);
  if (bytes > (record.size() - 2) * sizeof(Word)) return false;
  piece = {reinterpret_cast<const char*>(record.data() + 2), bytes};
  return true;
}

}  // namespace

void DefinitionReader::read(const CaptureFiles& files, const CaptureIndex& index) {
  Vector<Word> words;
  for (const IndexedBlock& block : index.others(BlockKind::Definitions)) {
    Progress& progress = progress_[{block.head.writer, block.head.number}];
    const bool is_taken = !block.is_window() && progress.words != 0 &&
                          progress.words * sizeof(Word) == block.used_bytes();
    if (is_taken || progress.is_damaged) continue;
    const BlockRead result = read_block(files, block, words);
    if (result == BlockRead::Changed) continue;  // until the next time
    if (result == BlockRead::Damaged) words.clear();
    progress.is_damaged = !take_new(words, progress.words) || result == BlockRead::Damaged;
    if (progress.is_damaged) ++damaged_;
  }
  std::erase_if(waiting_, [this](const PendingSite& site) { return take_site(site.words); });
}

bool DefinitionReader::take_new(Record words, std::size_t& taken) {
  words = words.subspan(std::min(taken, words.size()));
  while (!words.empty() && words[0] != 0) {
    const std::size_t size = record_words(words[0]);
    const bool is_extended = kind_of(words[0]) == RecordKind::Extended;
    if (!is_extended || size == 0 || size > words.size()) return false;
    if (!take(words.first(size))) ++damaged_;
    words = words.subspan(size);
    taken += size;
  }
  return true;
}

bool DefinitionReader::take(Record record) {
  const ExtendedKind kind = extended_kind(record[0]);
  if (stream_of(kind) != RecordStream::Definitions) return false;
  switch (kind) {
    case ExtendedKind::Text:
      return take_text(record);
    case ExtendedKind::Metadata:
      return take_metadata(record);
    case ExtendedKind::Code:
      if (!has(record, 3)) return false;
      names_.add_code(extended_number(record[0]), low_half(record[1]), high_half(record[1]),
                      low_half(record[2]), static_cast<std::int32_t>(high_half(record[2])),
                      record[3]);
      return true;
    case ExtendedKind::Module:
      return take_module(record);
    case ExtendedKind::Site:
    case ExtendedKind::Caller: {
      if (!has(record, kind == ExtendedKind::Site ? 1 : 2)) return false;
      PendingSite site = {};
      std::copy(record.begin(), record.end(), site.words);
      if (!take_site(site.words)) waiting_.push_back(site);
      return true;
    }
    case ExtendedKind::Stack:
      return has(record, kStackWords - 1) &&
             names_.add_stack(extended_number(record[0]), stack_node(record[1]));
    case ExtendedKind::Type: {
      std::string_view piece;
      return read_piece(record, piece);
    }
    case ExtendedKind::ThreadName:
      return take_thread_name(record);
    case ExtendedKind::Area:
      return map_.take_area(record);
    case ExtendedKind::Pages:
      return map_.take_pages(record);
    case ExtendedKind::ProcessMap:
      return map_.take_end(record);
    default:
      return false;
  }
}

bool DefinitionReader::take_text(Record record) {
  std::string_view piece;
  if (!read_piece(record, piece)) return false;
  names_.add_text(extended_number(record[0]), piece, piece_index(record[1]),
                  is_last_piece(record[1]));
  return true;
}

bool DefinitionReader::take_metadata(Record record) {
  std::string_view piece;
  if (!read_piece(record, piece)) return false;
  String* const text = metadata_.find(static_cast<MetadataKind>(extended_number(record[0])));
  if (text != nullptr) *text += piece;
  return text != nullptr;
}

bool DefinitionReader::take_module(Record record) {
  constexpr std::size_t kIdWords = kMaxBuildIdBytes / sizeof(Word);
  if (!has(record, 4 + kIdWords) || record[4] > kMaxBuildIdBytes) return false;
  const auto* const id = reinterpret_cast<const char*>(record.data() + 5);
  names_.add_module(extended_number(record[0]), record[1], record[2], record[3], {id, record[4]});
  return true;
}

bool DefinitionReader::take_thread_name(Record record) {
  if (record.size() < kMinThreadNameWords || record.size() > kMaxThreadNameWords) return false;
  const std::span<const Word> words = record.subspan(2);
  const std::string_view padded = {reinterpret_cast<const char*>(words.data()), words.size_bytes()};
  threads_.add(extended_number(record[0]), record[1], padded.substr(0, padded.find('\0')));
  return true;
}

bool DefinitionReader::take_site(const Word* words) {
  const std::uint32_t number = extended_number(words[0]);
  if (extended_kind(words[0]) == ExtendedKind::Caller) {
    return names_.add_caller(number, words[1], low_half(words[2]));
  }
  return names_.add_site(number, low_half(words[1]),
                         static_cast<std::int32_t>(high_half(words[1])));
}

}  // namespace pymemflow::report
