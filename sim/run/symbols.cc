#include "sim/run/symbols.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>
#include <fstream>
#include <link.h>
#include <memory>
#include <utility>

namespace millrace::run {
namespace {

constexpr std::size_t kFramesMax = 10;
constexpr std::size_t kNameMax = 120;

struct Symbol {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string name;
};

template <typename T>
std::vector<T> read_table(std::ifstream& in, std::uint64_t offset, std::uint64_t bytes) {
  std::vector<T> table(bytes / sizeof(T));
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(reinterpret_cast<char*>(table.data()),
          static_cast<std::streamsize>(table.size() * sizeof(T)));
  if (!in) table.clear();
  return table;
}

/// Where this program's own code was loaded.
std::uint64_t load_base() {
  std::uint64_t base = 0;
  // The first entry is the program itself.
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* context) {
        *static_cast<std::uint64_t*>(context) = info->dlpi_addr;
        return 1;
      },
      &base);
  return base;
}

/// The functions of this program's symbol table, sorted by address. Empty for a stripped program.
std::vector<Symbol> functions_of_this_program() {
  std::ifstream in("/proc/self/exe", std::ios::binary);
  const std::vector<Elf64_Ehdr> header = read_table<Elf64_Ehdr>(in, 0, sizeof(Elf64_Ehdr));
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0) return {};
  const auto sections = read_table<Elf64_Shdr>(
      in, header[0].e_shoff, std::uint64_t{header[0].e_shnum} * sizeof(Elf64_Shdr));
  std::vector<Symbol> functions;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const Elf64_Shdr& names_section = sections[section.sh_link];
    const auto names = read_table<char>(in, names_section.sh_offset, names_section.sh_size);
    const auto symbols = read_table<Elf64_Sym>(in, section.sh_offset, section.sh_size);
    for (const Elf64_Sym& symbol : symbols) {
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_name >= names.size()) continue;
      functions.push_back({.start = symbol.st_value,
                           .end = symbol.st_value + std::max<std::uint64_t>(symbol.st_size, 1),
                           .name = names.data() + symbol.st_name});
    }
  }
  std::ranges::sort(functions, [](const Symbol& a, const Symbol& b) {
    return a.start != b.start ? a.start < b.start : a.name < b.name;
  });
  return functions;
}

/// "ns::f" of "ns::(anonymous namespace)::f<A<B>>(C const&) const": who reads frames looks for
/// functions; their arguments push them off the screen.
std::string without_types(std::string_view name) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  std::string plain;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (depth == 0 && name.substr(i).starts_with(kAnonymous)) {
      i += kAnonymous.size() - 1;
      continue;
    }
    const bool is_operator = plain.ends_with("operator") || plain.ends_with("operator<") ||
                             plain.ends_with("operator>") || plain.ends_with("operator-");
    if (depth == 0 && !is_operator && name[i] == '(') break;
    if (!is_operator && name[i] == '<') ++depth;
    if (depth == 0) plain.push_back(name[i]);
    if (!is_operator && name[i] == '>') --depth;
  }
  // A function template's name begins with its result.
  const std::size_t space = plain.rfind(' ');
  const bool has_result = space != std::string::npos && space + 1 < plain.size() &&
                          plain.find("operator") == std::string::npos;
  if (has_result) plain.erase(0, space + 1);
  // Of the library's own wrappers it is the types that tell whose they are.
  return plain.starts_with("std::") ? std::string(name) : plain;
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  std::string text = status == 0 && plain != nullptr ? without_types(plain.get()) : name;
  if (text.size() > kNameMax) text = text.substr(0, kNameMax) + "...";
  return text;
}

/// What stands between the crash and the reader.
bool is_noise(std::string_view name) {
  return name.find("on_fatal_signal") != std::string_view::npos ||
         name.find("on_cpu_tick") != std::string_view::npos ||
         name.find("leave_frames") != std::string_view::npos ||
         name.find("restore_rt") != std::string_view::npos || name.starts_with("backtrace");
}

/// Below these frames is the machinery of fibers.
bool is_bottom(std::string_view name) {
  return name.find("run::RunWorld::run_main") != std::string_view::npos ||
         name.find("sim::World::run_body") != std::string_view::npos ||
         name.find("sim::World::task_main") != std::string_view::npos;
}

std::string name_in_library(std::uint64_t address) {
  Dl_info info{};
  const bool is_known = dladdr(reinterpret_cast<void*>(address), &info) != 0;
  if (is_known && info.dli_sname != nullptr) return demangled(info.dli_sname);
  const char* const file = is_known && info.dli_fname != nullptr ? info.dli_fname : "?";
  const char* const slash = std::strrchr(file, '/');
  return fmt::format("in {}", slash == nullptr ? file : slash + 1);
}

}  // namespace

std::vector<std::string> symbolise(std::span<const std::uint64_t> addresses) {
  const std::vector<Symbol> functions = functions_of_this_program();
  const std::uint64_t base = load_base();
  std::vector<std::string> frames;
  bool is_behind_handler = false;
  for (const std::uint64_t address : addresses) {
    const std::uint64_t own = address - base;
    auto after = std::ranges::upper_bound(functions, own, {}, &Symbol::start);
    std::string name;
    if (after != functions.begin() && own < std::prev(after)->end) {
      name = demangled(std::prev(after)->name.c_str());
    } else {
      name = name_in_library(address);
    }
    if (is_noise(name)) {
      is_behind_handler = true;
      continue;
    }
    // The C library's return from a handler has no name.
    const bool is_return = std::exchange(is_behind_handler, false) && name.starts_with("in libc");
    if (is_return) continue;
    if (is_bottom(name)) break;
    frames.push_back(std::move(name));
    if (frames.size() == kFramesMax) break;
  }
  return frames;
}

}  // namespace millrace::run
