#include "pages.hpp"

#include <zlib.h>

#include <fstream>
#include <sstream>

std::string page(const std::string& folder, const std::string& name) {
    std::ifstream file(folder + "/" + name);
    std::stringstream text;
    text << file.rdbuf();
    const std::string body = text.str();
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), body.size());
    return body + "checksum " + std::to_string(sum) + "\n";
}
