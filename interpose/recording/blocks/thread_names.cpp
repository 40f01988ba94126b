#include "interpose/recording/blocks/thread_names.h"

#include <cstring>

#include "capture/block.h"
#include "interpose/recording/blocks/definitions.h"
#include "platform/threads.h"

namespace pymemflow::interpose {

static_assert(platform::kThreadNameBytes == kMaxThreadName + 1);

bool define_own_name(DefinitionStream& stream, std::uint32_t thread, std::uint64_t stamp,
                     std::uint64_t& defined) {
  platform::ThreadName name;
  if (!platform::find_own_name(name)) return true;
  Word words[1 + sizeof name.text / sizeof(Word)] = {thread};
  std::memcpy(words + 1, name.text, sizeof name.text);
  const std::uint64_t number = checksum_of(words, std::size(words));
  if (number == defined) return true;
  const std::size_t bytes = ::strnlen(name.text, kMaxThreadName);
  if (!define_thread_name(stream, thread, stamp, {name.text, bytes})) return false;
  defined = number;
  return true;
}

}  // namespace pymemflow::interpose
