#include "report/definition_reader.h"

#include <span>
#include <string_view>

namespace pymemflow::report {
namespace {

using interpose::DefinitionKind;
using interpose::FactKind;
using interpose::high_half;
using interpose::low_half;
using interpose::RecordKind;
using interpose::Word;
using Record = std::span<const Word>;

// What is referred to comes first, whichever writer defined it: texts, then codes, then the rest.
enum class Pass : std::uint8_t { Texts, Codes, Places };

constexpr Pass pass_of(DefinitionKind kind) {
  switch (kind) {
    case DefinitionKind::Text:
    case DefinitionKind::Fact:
      return Pass::Texts;
    case DefinitionKind::Code:
    case DefinitionKind::Module:
      return Pass::Codes;
    case DefinitionKind::Site:
    case DefinitionKind::Caller:
    case DefinitionKind::Thread:
    case DefinitionKind::MoveEnd:
    case DefinitionKind::Entered:
    case DefinitionKind::Left:
      break;
  }
  return Pass::Places;
}

bool has(Record record, std::size_t payload) {
  return record.size() == payload + 1;
}

// Of a Text or a Fact. False: it says that it is longer than it is.
bool read_piece(Record record, std::string_view& piece) {
  if (record.size() < 2) return false;
  const std::size_t bytes = interpose::piece_bytes(record[1]);
  if (bytes > (record.size() - 2) * sizeof(Word)) return false;
  piece = {reinterpret_cast<const char*>(record.data() + 2), bytes};
  return true;
}

class Definitions {
 public:
  Definitions(NameTable& names, Facts& facts) : names_(names), facts_(facts) {}

  // False: it is no definition of a kind that is known.
  bool read(Record record) {
    const std::uint32_t number = interpose::definition_number(record[0]);
    std::string_view piece;
    switch (interpose::definition_kind(record[0])) {
      case DefinitionKind::Text:
        if (!read_piece(record, piece)) return false;
        names_.add_text(number, piece, interpose::piece_place(record[1]),
                        interpose::is_last_piece(record[1]));
        return true;
      case DefinitionKind::Fact: {
        if (!read_piece(record, piece)) return false;
        String* const fact = facts_.find(static_cast<FactKind>(number));
        if (fact != nullptr) *fact += piece;
        return fact != nullptr;
      }
      case DefinitionKind::Code:
        if (!has(record, 3)) return false;
        names_.add_code(number, low_half(record[1]), high_half(record[1]), low_half(record[2]),
                        static_cast<std::int32_t>(high_half(record[2])), record[3]);
        return true;
      case DefinitionKind::Site:
        if (!has(record, 1)) return false;
        names_.add_site(number, low_half(record[1]),
                        static_cast<std::int32_t>(high_half(record[1])));
        return true;
      case DefinitionKind::Caller:
        if (!has(record, 2)) return false;
        names_.add_caller(number, record[1], low_half(record[2]));
        return true;
      case DefinitionKind::Module:
        return read_module(record, number);
      case DefinitionKind::Thread:
      case DefinitionKind::MoveEnd:
      case DefinitionKind::Entered:
      case DefinitionKind::Left:
        return false;  // stands among the events
    }
    return false;
  }

 private:
  bool read_module(Record record, std::uint32_t path) {
    constexpr std::size_t kIdWords = interpose::kMaxBuildIdBytes / sizeof(Word);
    if (!has(record, 4 + kIdWords) || record[4] > interpose::kMaxBuildIdBytes) return false;
    const auto* const id = reinterpret_cast<const char*>(record.data() + 5);
    names_.add_module(path, record[1], record[2], record[3], {id, record[4]});
    return true;
  }

  NameTable& names_;
  Facts& facts_;
};

// Calls visit(record) for each definition of the block. False: one of them is cut or is none.
template <typename Visit>
bool for_each_record(Record words, Visit visit) {
  while (!words.empty() && words[0] != 0) {
    const std::size_t size = interpose::record_words(words[0]);
    const bool is_definition = interpose::kind_of(words[0]) == RecordKind::Definition;
    if (!is_definition || size == 0 || size > words.size()) return false;
    visit(words.first(size));
    words = words.subspan(size);
  }
  return true;
}

}  // namespace

std::uint64_t read_definitions(int file, const CaptureIndex& index, NameTable& names,
                               Facts& facts) {
  Definitions definitions(names, facts);
  std::uint64_t damaged = 0;
  Vector<Word> words;
  for (const Pass pass : {Pass::Texts, Pass::Codes, Pass::Places}) {
    const bool is_first = pass == Pass::Texts;
    for (const BlockPlace& place : index.of_kind(interpose::BlockKind::Definitions)) {
      const bool is_whole = read_block(file, place, words);
      if (!is_whole) {
        damaged += is_first ? 1 : 0;
        continue;
      }
      const bool is_read = for_each_record(words, [&](Record record) {
        if (pass_of(interpose::definition_kind(record[0])) != pass) return;
        if (!definitions.read(record)) ++damaged;
      });
      if (!is_read && is_first) ++damaged;
    }
  }
  return damaged;
}

}  // namespace pymemflow::report
