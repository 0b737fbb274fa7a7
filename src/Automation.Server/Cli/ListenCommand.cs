using System.Collections.Concurrent;
using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Automation.Server.Values;
using Microsoft.AspNetCore.Connections;

namespace Automation.Server.Cli;

/// <summary><c>listen</c>: a small receiver on this machine, to see what workflows send and how the server takes failures.</summary>
internal static class ListenCommand
{
    private const int MaxBody = 1 << 20;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] ShownHeaders = ["content-type", "user-agent", "idempotency-key", "webhook-id", "webhook-timestamp", "webhook-signature"];

    public static Command Create()
    {
        var port = new Option<int>("--port", "-p") { Description = "Port on 127.0.0.1.", DefaultValueFactory = _ => 9999 };
        var status = new Option<int>("--status") { Description = "Status to answer with.", DefaultValueFactory = _ => 200 };
        var delay = new Option<string>("--delay") { Description = "Time to let pass before each answer, as 250ms or 5s.", DefaultValueFactory = _ => "0ms" };
        var failFirst = new Option<int>("--fail-first") { Description = "Answer 503 to the first so many requests.", DefaultValueFactory = _ => 0 };
        port.Validators.Add(result => Require(result, result.GetValue(port) is >= 0 and <= 65535, "--port has to be between 0 and 65535 (0: any free one)."));
        status.Validators.Add(result => Require(result, result.GetValue(status) is >= 200 and <= 599, "--status has to be between 200 and 599."));
        delay.Validators.Add(result => Require(result, Duration.TryParse(result.GetValue(delay), out _), $"--delay has to be {Duration.Expected}."));
        failFirst.Validators.Add(result => Require(result, result.GetValue(failFirst) >= 0, "--fail-first cannot be negative."));
        var command = new Command("listen", "Receive webhooks on this machine and print them.") { port, status, delay, failFirst };
        command.SetAction((parsed, cancellation) => RunAsync(
            new Answers(parsed.GetValue(status), Duration.Parse(parsed.GetValue(delay)), parsed.GetValue(failFirst)),
            parsed.GetValue(port),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error,
            TimeProvider.System,
            cancellation));
        return command;
    }

    /// <summary>Listens until it is cancelled. Returns the exit code: 1 when the port is taken.</summary>
    public static async Task<int> RunAsync(Answers answers, int port, TextWriter output, TextWriter error, TimeProvider time, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        await using var app = builder.Build();
        var receiver = new Receiver(answers, TextWriter.Synchronized(output), time);
        app.Run(receiver.ReceiveAsync);
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException failure) when (failure.InnerException is AddressInUseException)
        {
            await error.WriteLineAsync($"Port {port} is in use by another program; choose another one with --port.");
            return 1;
        }
        catch (SocketException)
        {
            await error.WriteLineAsync($"This user may not listen on port {port}; choose another one with --port.");
            return 1;
        }

        await output.WriteLineAsync($"Listening on {app.Urls.First()} — any path, any method. Ctrl-C ends.");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, app.Lifetime.ApplicationStopping); // the host takes the signals
        await Task.Delay(Timeout.InfiniteTimeSpan, time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.StopAsync(new CancellationToken(canceled: true));
        return 0;
    }

    private static void Require(System.CommandLine.Parsing.OptionResult result, bool holds, string problem)
    {
        if (!holds) result.AddError(problem);
    }

    /// <summary>How requests are answered.</summary>
    internal sealed record Answers(int Status, TimeSpan Delay, int FailFirst);

    private sealed class Receiver(Answers answers, TextWriter output, TimeProvider time)
    {
        private readonly ConcurrentDictionary<string, int> seen = new(StringComparer.Ordinal);
        private int requests;

        public async Task ReceiveAsync(HttpContext context)
        {
            var number = Interlocked.Increment(ref requests);
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var status = number <= answers.FailFirst ? StatusCodes.Status503ServiceUnavailable : answers.Status;
            await output.WriteLineAsync(Describe(context.Request, number, status, body.ToArray()));
            if (answers.Delay > TimeSpan.Zero) await Task.Delay(answers.Delay, time, context.RequestAborted);
            context.Response.StatusCode = status;
        }

        private string Describe(HttpRequest request, int number, int status, byte[] body)
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"{time.GetLocalNow():HH:mm:ss.fff}  #{number}  {request.Method} {request.Path}{request.QueryString}  → {status}\n");
            foreach (var name in ShownHeaders)
            {
                if (request.Headers.TryGetValue(name, out var value)) text.Append(CultureInfo.InvariantCulture, $"  {name}: {value}\n");
            }

            if (request.Headers.TryGetValue("webhook-id", out var id))
            {
                var times = seen.AddOrUpdate(id.ToString(), 1, (_, before) => before + 1);
                text.Append(CultureInfo.InvariantCulture, $"  {(times == 1 ? "first time this webhook-id is seen" : $"REPEAT: this webhook-id has come {times} times")}\n");
            }

            return text.Append(Pretty(body)).ToString();
        }

        private static string Pretty(byte[] body)
        {
            if (body.Length == 0) return "  (no body)\n";
            string text;
            try
            {
                using var document = JsonDocument.Parse(body);
                text = JsonSerializer.Serialize(document.RootElement, Indented);
            }
            catch (JsonException)
            {
                text = System.Text.Unicode.Utf8.IsValid(body) ? Encoding.UTF8.GetString(body) : $"({body.Length} bytes that are no text)";
            }

            return "  " + text.Replace("\n", "\n  ", StringComparison.Ordinal) + "\n";
        }
    }
}
