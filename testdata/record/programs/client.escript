#!/usr/bin/env escript
%% One HTTPS request with Erlang/OTP: client.escript NAME CA.pem
main([Name, Anchors]) ->
    {ok, _} = application:ensure_all_started(ssl),
    Options = [{verify, verify_peer}, {cacertfile, Anchors}, {server_name_indication, Name}, {versions, ['tlsv1.2']}, {active, false}],
    case ssl:connect({10, 0, 0, 2}, 443, Options, 5000) of
        {ok, Socket} ->
            ok = ssl:send(Socket, <<"GET /hello.txt HTTP/1.0\r\n\r\n">>),
            io:format("~p~n", [ssl:recv(Socket, 0, 3000)]);
        Error -> io:format("~p~n", [Error])
    end.
