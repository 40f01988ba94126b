#pragma once
// Answers the program's questions about its own live memory while it keeps recording
// (interpose/library/api.h): takes a stamp in the order of events, and has the report side replay
// the events before it. Any thread; concurrent callers wait for each other. The functions return 0
// or an error number.

#include <cstddef>
#include <cstdint>

namespace pymemflow::interpose::live {

int outstanding(std::uint64_t* bytes, std::uint64_t* blocks);
int growth(const char* mark, char* text, std::size_t size, std::size_t* length);

}  // namespace pymemflow::interpose::live
