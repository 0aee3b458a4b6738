#!/usr/bin/env escript
%% Answers each connection with one line, with Erlang/OTP: server.escript CERT.pem KEY.pem
main([Certificate, Key]) ->
    {ok, _} = application:ensure_all_started(ssl),
    {ok, Listener} = ssl:listen(443, [{ip, {10, 0, 0, 2}}, {reuseaddr, true}, {active, false}, {certfile, Certificate}, {keyfile, Key}]),
    serve(Listener).

serve(Listener) ->
    {ok, Accepted} = ssl:transport_accept(Listener),
    case ssl:handshake(Accepted, 5000) of
        {ok, Socket} -> ssl:recv(Socket, 0, 2000), ssl:send(Socket, <<"HTTP/1.0 200 OK\r\n\r\nhello\n">>), ssl:close(Socket);
        Error -> io:format("~p~n", [Error])
    end,
    serve(Listener).
