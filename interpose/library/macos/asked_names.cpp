#include "interpose/library/asked_names.h"

namespace pymemflow::interpose {

constinit const report::AskForNames ask_for_names = nullptr;

}  // namespace pymemflow::interpose
