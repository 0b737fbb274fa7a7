using System.Net.Sockets;
using Automation.Server.Sandbox;
using Automation.Server.Storage;

namespace Automation.Server.Hosting;

/// <summary>Runs the server from its options to its end.</summary>
internal static class Server
{
    /// <returns>0 after an ordinary stop, 1 when the server could not start; the reason was written to standard error.</returns>
    public static Task<int> RunAsync(IReadOnlyDictionary<string, string?> settings, CancellationToken cancellation) =>
        RunAsync(settings, Console.Out, Console.Error, cancellation);

    /// <inheritdoc cref="RunAsync(IReadOnlyDictionary{string, string?}, CancellationToken)"/>
    public static async Task<int> RunAsync(IReadOnlyDictionary<string, string?> settings, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        try
        {
            await using var app = ServerBuilder.Create(settings).BuildServer();
            if (SandboxLaunch.WhatIsMissing(app.Services.GetRequiredService<SandboxOptions>()) is { } missing) throw new StartupException(missing);
            await app.StartAsync(cancellation);
            Banner.Write(app, output);
            await app.WaitForShutdownAsync(cancellation);
            return 0;
        }
        catch (Exception error) when (Reason(error) is { } reason)
        {
            await errors.WriteLineAsync(reason);
            return 1;
        }
    }

    private static string? Reason(Exception error) => error switch
    {
        StartupException startup => startup.Message,
        JournalException journal => $"The database cannot be opened. {journal.Message}",
        Microsoft.Extensions.Options.OptionsValidationException options => $"The configuration has a mistake: {string.Join(" ", options.Failures)}",
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } inUse =>
            $"{inUse.Message.TrimEnd('.')}. Stop what listens there, or name another address with --urls.",
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } or FormatException => $"The configuration has a mistake: {error.Message}",
        SocketException or IOException { InnerException: SocketException } => $"The server cannot listen: {error.Message}",
        _ => null,
    };
}
