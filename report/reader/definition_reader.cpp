#include "report/reader/definition_reader.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace pymemflow::report {

namespace {

bool has(std::span<const Word> record, std::size_t payload) {
  return record.size() == payload + 1;
}

// Of a Text or a Fact. False: it says that it is longer than it is.
bool read_piece(std::span<const Word> record, std::string_view& piece) {
  if (record.size() < 2) return false;
  const std::size_t bytes = piece_bytes(record[1]);
  if (bytes > (record.size() - 2) * sizeof(Word)) return false;
  piece = {reinterpret_cast<const char*>(record.data() + 2), bytes};
  return true;
}

}  // namespace

std::uint64_t DefinitionReader::read(int file, const CaptureIndex& index) {
  std::uint64_t damaged = 0;
  Vector<Word> words;
  for (const IndexedBlock& place : index.of_kind(BlockKind::Definitions)) {
    std::size_t& taken = taken_[{place.head.writer, place.head.number}];
    if (!place.is_window() && taken != 0 && taken * sizeof(Word) == place.used_bytes()) continue;
    const bool is_whole = read_block(file, place, words);
    if (!is_whole || !read_new(words, taken, damaged)) ++damaged;
  }
  std::erase_if(waiting_, [this](const PendingSite& place) { return take_site(place.words); });
  return damaged;
}

bool DefinitionReader::read_new(Record words, std::size_t& taken, std::uint64_t& damaged) {
  words = words.subspan(std::min(taken, words.size()));
  while (!words.empty() && words[0] != 0) {
    const std::size_t size = record_words(words[0]);
    const bool is_definition = kind_of(words[0]) == RecordKind::Definition;
    if (!is_definition || size == 0 || size > words.size()) return false;
    if (!take(words.first(size))) ++damaged;
    words = words.subspan(size);
    taken += size;
  }
  return true;
}

bool DefinitionReader::take(Record record) {
  switch (definition_kind(record[0])) {
    case DefinitionKind::Text:
      return take_text(record);
    case DefinitionKind::Metadata:
      return take_fact(record);
    case DefinitionKind::Code:
      if (!has(record, 3)) return false;
      names_.add_code(definition_number(record[0]), low_half(record[1]), high_half(record[1]),
                      low_half(record[2]), static_cast<std::int32_t>(high_half(record[2])),
                      record[3]);
      return true;
    case DefinitionKind::Module:
      return take_module(record);
    case DefinitionKind::Site:
    case DefinitionKind::Caller: {
      const bool is_site = definition_kind(record[0]) == DefinitionKind::Site;
      if (!has(record, is_site ? 1 : 2)) return false;
      PendingSite place = {};
      std::copy(record.begin(), record.end(), place.words);
      if (!take_site(place.words)) waiting_.push_back(place);
      return true;
    }
    case DefinitionKind::Thread:
    case DefinitionKind::MoveEnd:
    case DefinitionKind::Entered:
    case DefinitionKind::Left:
    case DefinitionKind::NamedMark:
      return false;  // stands among the events
  }
  return false;
}

bool DefinitionReader::take_text(Record record) {
  std::string_view piece;
  if (!read_piece(record, piece)) return false;
  names_.add_text(definition_number(record[0]), piece, piece_index(record[1]),
                  is_last_piece(record[1]));
  return true;
}

bool DefinitionReader::take_fact(Record record) {
  std::string_view piece;
  if (!read_piece(record, piece)) return false;
  String* const fact = metadata_.find(static_cast<MetadataKind>(definition_number(record[0])));
  if (fact != nullptr) *fact += piece;
  return fact != nullptr;
}

bool DefinitionReader::take_module(Record record) {
  constexpr std::size_t kIdWords = kMaxBuildIdBytes / sizeof(Word);
  if (!has(record, 4 + kIdWords) || record[4] > kMaxBuildIdBytes) return false;
  const auto* const id = reinterpret_cast<const char*>(record.data() + 5);
  names_.add_module(definition_number(record[0]), record[1], record[2], record[3], {id, record[4]});
  return true;
}

bool DefinitionReader::take_site(const Word* words) {
  const std::uint32_t number = definition_number(words[0]);
  if (definition_kind(words[0]) == DefinitionKind::Caller) {
    return names_.add_caller(number, words[1], low_half(words[2]));
  }
  return names_.add_site(number, low_half(words[1]),
                         static_cast<std::int32_t>(high_half(words[1])));
}

}  // namespace pymemflow::report
