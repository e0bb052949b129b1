#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "pages.hpp"

int main(int count, char** words) {
    std::string settings = "/usr/local/etc/tiles.conf", folder;
    for (int at = 1; at + 1 < count; ++at) {
        if (std::string(words[at]) == "--config") settings = words[at + 1];
    }
    int port = 0;
    std::ifstream file(settings);
    file >> port >> folder;
    if (!port) {
        std::cerr << "no port in " << settings << "\n";
        return 1;
    }
    const int server = socket(AF_INET6, SOCK_STREAM, 0);
    int yes = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in6 here{};
    here.sin6_family = AF_INET6;
    here.sin6_port = htons(port);
    if (bind(server, reinterpret_cast<sockaddr*>(&here), sizeof here) || listen(server, 16)) return 1;
    while (true) {
        const int client = accept(server, nullptr, nullptr);
        char request[1024];
        if (read(client, request, sizeof request) > 0) {
            const std::string body = page(folder, "index.txt");
            const std::string answer = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                                       std::to_string(body.size()) + "\r\n\r\n" + body;
            if (write(client, answer.data(), answer.size()) < 0) return 1;
        }
        close(client);
    }
}
