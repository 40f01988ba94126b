#include "interpose/recording/blocks/definitions.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "pyframe/line_table.h"

namespace pymemflow::interpose {
namespace {

// A longer text is written in pieces, so that a text of any length fits into blocks.
constexpr std::size_t kPieceBytes = 4096;

bool define(DefinitionStream& stream, ExtendedKind what, std::uint32_t number,
            std::initializer_list<Word> payload) {
  const std::size_t words = 1 + payload.size();
  Word* const record = stream.make_room(words);
  if (record == nullptr) return false;
  std::copy(payload.begin(), payload.end(), record + 1);
  stream.commit(extended_head(what, words, number), words);
  return true;
}

// Writes a piece of a text or of a fact; write(to) writes its bytes.
template <typename Write>
bool define_piece(DefinitionStream& stream, ExtendedKind what, std::uint32_t number,
                  std::uint32_t place, bool is_last, std::size_t bytes, Write write) {
  const std::size_t words = 2 + (bytes + sizeof(Word) - 1) / sizeof(Word);
  Word* const record = stream.make_room(words);
  if (record == nullptr) return false;
  record[1] = piece_head(bytes, place, is_last);
  write(reinterpret_cast<char*>(record + 2));
  stream.commit(extended_head(what, words, number), words);
  return true;
}

// Writes `left` units in pieces of at most `most`. size(done, taken) returns the number of bytes of
// the units, write(done, taken, to) writes them. A text without units is one piece without bytes.
template <typename Size, typename Write>
bool define_pieces(DefinitionStream& stream, ExtendedKind what, std::uint32_t number,
                   std::size_t left, std::size_t most, Size size, Write write) {
  std::size_t done = 0;
  for (std::uint32_t place = 0;; ++place) {
    const std::size_t taken = std::min(left, most);
    left -= taken;
    const bool is_written = define_piece(stream, what, number, place, left == 0, size(done, taken),
                                         [&](char* to) { write(done, taken, to); });
    if (!is_written) return false;
    if (left == 0) return true;
    done += taken;
  }
}

bool define_bytes(DefinitionStream& stream, ExtendedKind what, std::uint32_t number,
                  const void* bytes, std::size_t size) {
  const auto* const start = static_cast<const char*>(bytes);
  return define_pieces(
      stream, what, number, size, kPieceBytes, [](std::size_t, std::size_t taken) { return taken; },
      [start](std::size_t done, std::size_t taken, char* to) {
        if (taken != 0) std::memcpy(to, start + done, taken);
      });
}

// The columns of 3.11 and later are most of a table, and nobody reads them.
bool define_line_table(DefinitionStream& stream, std::uint32_t number, const pyframe::Code& code) {
  if (code.line_table_format != pyframe::LineTableFormat::Locations) {
    return define_bytes(stream, ExtendedKind::Text, number, code.line_table, code.line_table_bytes);
  }
  pyframe::LinesWithoutColumns lines({code.line_table, code.line_table_bytes});
  for (std::uint32_t place = 0;; ++place) {
    std::uint8_t piece[512];
    const std::size_t bytes = lines.copy(piece);
    const bool is_written = define_piece(stream, ExtendedKind::Text, number, place, lines.is_done(),
                                         bytes, [&](char* to) { std::memcpy(to, piece, bytes); });
    if (!is_written) return false;
    if (lines.is_done()) return true;
  }
}

bool define_text(DefinitionStream& stream, std::uint32_t number, const pyframe::Text& text) {
  const auto piece = [&text](std::size_t done, std::size_t taken) {
    const auto* const start = static_cast<const char*>(text.characters);
    return pyframe::Text{start + done * text.bytes_per_character, taken, text.bytes_per_character};
  };
  // At most four bytes of UTF-8 per character. Encoded directly into the record, since there is no
  // memory to encode it in first.
  return define_pieces(
      stream, ExtendedKind::Text, number, text.length, kPieceBytes / 4,
      [&](std::size_t done, std::size_t taken) { return pyframe::utf8_size(piece(done, taken)); },
      [&](std::size_t done, std::size_t taken, char* to) {
        pyframe::write_utf8(piece(done, taken), to);
      });
}

}  // namespace

bool define_code(DefinitionStream& stream, const pyframe::Code& code, std::uint32_t number,
                 std::uint32_t first_text) {
  const std::uint32_t filename = first_text;
  const std::uint32_t name = first_text + 1;
  const std::uint32_t lines = first_text + 2;
  return define_text(stream, filename, code.filename) && define_text(stream, name, code.name) &&
         define_line_table(stream, lines, code) &&
         define(stream, ExtendedKind::Code, number,
                {pair(filename, name), pair(lines, static_cast<std::uint32_t>(code.first_line)),
                 static_cast<Word>(code.line_table_format)});
}

bool define_site(DefinitionStream& stream, SiteId site, std::uint32_t code,
                 std::int32_t instruction) {
  return define(stream, ExtendedKind::Site, site,
                {pair(code, static_cast<std::uint32_t>(instruction))});
}

bool define_caller(DefinitionStream& stream, SiteId site, const void* address,
                   std::uint32_t module) {
  return define(stream, ExtendedKind::Caller, site,
                {reinterpret_cast<std::uintptr_t>(address), module});
}

bool define_stack(DefinitionStream& stream, StackId number, StackNode node) {
  return define(stream, ExtendedKind::Stack, number, {stack_payload(node)});
}

bool define_module(DefinitionStream& stream, const platform::Mapping& mapping, std::uint32_t text,
                   std::span<const unsigned char> build_id) {
  constexpr std::size_t kWords = kMaxBuildIdBytes / sizeof(Word);
  Word words[kWords] = {};
  std::memcpy(words, build_id.data(), std::min(build_id.size(), sizeof words));
  static_assert(kWords == 4);
  return define_bytes(stream, ExtendedKind::Text, text, mapping.path, mapping.path_bytes) &&
         define(stream, ExtendedKind::Module, text,
                {mapping.start, mapping.end, mapping.offset, build_id.size(), words[0], words[1],
                 words[2], words[3]});
}

bool define_thread_name(DefinitionStream& stream, std::uint32_t thread, std::uint64_t stamp,
                        std::string_view name) {
  const std::size_t name_words =
      std::max<std::size_t>(1, (name.size() + sizeof(Word) - 1) / sizeof(Word));
  Word* const record = stream.make_room(2 + name_words);
  if (record == nullptr) return false;
  record[1] = stamp;
  std::memcpy(record + 2, name.data(), name.size());  // behind what was written are zeros
  stream.commit(extended_head(ExtendedKind::ThreadName, 2 + name_words, thread), 2 + name_words);
  return true;
}

bool define_metadata(DefinitionStream& stream, MetadataKind kind, std::string_view text) {
  return define_bytes(stream, ExtendedKind::Metadata, static_cast<std::uint32_t>(kind), text.data(),
                      text.size());
}

}  // namespace pymemflow::interpose
