#include "interpose/definitions.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "interpose/recorder.h"

namespace pymemflow::interpose {
namespace {

// A text longer than this comes in pieces, so that one of any length fits into blocks.
constexpr std::size_t kPieceBytes = 8192;

bool define(Writer& writer, DefinitionKind what, std::uint32_t number,
            std::initializer_list<Word> payload) {
  const std::size_t words = 1 + payload.size();
  Word* const record = make_room(writer, words);
  if (record == nullptr) return false;
  std::copy(payload.begin(), payload.end(), record + 1);
  commit(writer, definition_head(what, words, number), words);
  return true;
}

bool define_piece(Writer& writer, std::uint32_t number, const void* bytes, std::size_t size) {
  const std::size_t words = 2 + (size + sizeof(Word) - 1) / sizeof(Word);
  Word* const record = make_room(writer, words);
  if (record == nullptr) return false;
  record[1] = size;
  std::memcpy(record + 2, bytes, size);
  commit(writer, definition_head(DefinitionKind::Text, words, number), words);
  return true;
}

bool define_bytes(Writer& writer, std::uint32_t number, const void* bytes, std::size_t size) {
  const char* cursor = static_cast<const char*>(bytes);
  for (std::size_t left = size; left > 0;) {
    const std::size_t piece = std::min(left, kPieceBytes);
    if (!define_piece(writer, number, cursor, piece)) return false;
    cursor += piece;
    left -= piece;
  }
  return true;
}

bool define_text(Writer& writer, std::uint32_t number, const pyframe::Text& text) {
  // At most four bytes of UTF-8 a character; encoded straight into the record, since there is no
  // memory to encode it in before.
  constexpr std::size_t kPieceCharacters = kPieceBytes / 4;
  const char* characters = static_cast<const char*>(text.characters);
  for (std::size_t left = text.length; left > 0;) {
    const std::size_t taken = std::min(left, kPieceCharacters);
    const pyframe::Text piece = {characters, taken, text.bytes_a_character};
    const std::size_t size = pyframe::utf8_size(piece);
    const std::size_t words = 2 + (size + sizeof(Word) - 1) / sizeof(Word);
    Word* const record = make_room(writer, words);
    if (record == nullptr) return false;
    record[1] = size;
    pyframe::write_utf8(piece, reinterpret_cast<char*>(record + 2));
    commit(writer, definition_head(DefinitionKind::Text, words, number), words);
    characters += taken * text.bytes_a_character;
    left -= taken;
  }
  return true;
}

}  // namespace

bool define_code(Writer& writer, const pyframe::Code& code, std::uint32_t number,
                 std::uint32_t first_text) {
  const std::uint32_t filename = first_text;
  const std::uint32_t name = first_text + 1;
  const std::uint32_t lines = first_text + 2;
  return define_text(writer, filename, code.filename) && define_text(writer, name, code.name) &&
         define_bytes(writer, lines, code.line_table, code.line_table_bytes) &&
         define(writer, DefinitionKind::Code, number,
                {pair(filename, name), pair(lines, static_cast<std::uint32_t>(code.first_line)),
                 static_cast<Word>(code.line_table_format)});
}

bool define_site(Writer& writer, SiteId site, std::uint32_t code, std::int32_t instruction) {
  return define(writer, DefinitionKind::Site, site,
                {pair(code, static_cast<std::uint32_t>(instruction))});
}

bool define_caller(Writer& writer, SiteId site, const void* address) {
  return define(writer, DefinitionKind::Caller, site, {reinterpret_cast<std::uintptr_t>(address)});
}

bool define_module(Writer& writer, const platform::Mapping& mapping, std::uint32_t text) {
  return define_bytes(writer, text, mapping.path, mapping.path_bytes) &&
         define(writer, DefinitionKind::Module, text, {mapping.start, mapping.end, mapping.offset});
}

bool define_thread(Writer& writer, std::uint32_t thread) {
  return define(writer, DefinitionKind::Thread, thread, {});
}

}  // namespace pymemflow::interpose
