using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Automation.Server.Tests.Deliveries.Mail;

/// <summary>A small mail server that keeps what it takes, with a certificate of an authority of its own.</summary>
internal sealed class MailServer : IAsyncDisposable
{
    public const string Name = "mail.example";
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly X509Certificate2 certificate;
    private readonly Task accepting;
    private readonly string folder = Directory.CreateTempSubdirectory("mail").FullName;

    public MailServer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test Authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(20), DateTimeOffset.UnixEpoch.AddYears(120));
        Authority = Path.Combine(folder, "ca.pem");
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var wanted = new CertificateRequest("CN=" + Name, own, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Name);
        wanted.CertificateExtensions.Add(names.Build());
        using var issued = wanted.Create(authority, DateTimeOffset.UnixEpoch.AddYears(30), DateTimeOffset.UnixEpoch.AddYears(100), [7]);
        certificate = issued.CopyWithPrivateKey(own);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>PEM file.</summary>
    public string Authority { get; }

    /// <summary>What it says it can do.</summary>
    public string[] Offers { get; init; } = ["STARTTLS", "SIZE 20000000", "AUTH PLAIN LOGIN"];

    public bool ImplicitTls { get; init; }

    /// <summary>What it answers to a command in place of its own answer; null for its own.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    /// <summary>What it does to a connection in place of all that.</summary>
    public Func<Stream, CancellationToken, Task>? Behave { get; init; }

    public ConcurrentQueue<string> Commands { get; } = new();

    /// <summary>Messages that it took, dots taken out.</summary>
    public ConcurrentQueue<string> Messages { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        certificate.Dispose();
        stopping.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptSocketAsync(stopping.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (Behave is { } behave)
            {
                await behave(stream, stopping.Token);
                return;
            }

            if (ImplicitTls) stream = await SecuredAsync(stream);
            await SayAsync(stream, Answer("") ?? "220 mail.example ready");
            while (await LineAsync(stream) is { } command)
            {
                Commands.Enqueue((stream is SslStream ? "tls " : "") + command);
                var own = Own(command, stream is SslStream);
                await SayAsync(stream, Answer(command) ?? own);
                if (command == "STARTTLS" && Answer(command) is null) stream = await SecuredAsync(stream);
                if (command == "DATA" && Answer(command) is null)
                {
                    await TakeAsync(stream);
                    await SayAsync(stream, Answer(".") ?? "250 taken");
                }
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The client has gone.
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    private string Own(string command, bool secured) => command.Split(' ')[0] switch
    {
        "EHLO" => string.Concat(Offers.Where(o => o != "STARTTLS" || !secured).Select(o => $"250-{o}\r\n").Prepend("250-mail.example\r\n")) + "250 HELP",
        "MAIL" or "RCPT" => "250 ok",
        "STARTTLS" => "220 go on",
        "AUTH" when command == "AUTH LOGIN" => "334 VXNlcm5hbWU6",
        "AUTH" => command == "AUTH PLAIN " + Convert.ToBase64String("\0me@x\0pass word"u8) ? "235 welcome" : "535 5.7.8 wrong: " + command[11..],
        "bWVAeA==" => "334 UGFzc3dvcmQ6",
        "cGFzcyB3b3Jk" => "235 welcome",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "500 what",
    };

    private async Task TakeAsync(Stream stream)
    {
        var message = new StringBuilder();
        while (await LineAsync(stream) is { } line && line != ".") message.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        Messages.Enqueue(message.ToString());
    }

    private async Task<Stream> SecuredAsync(Stream stream)
    {
        var secured = new SslStream(stream);
        await secured.AuthenticateAsServerAsync(certificate);
        return secured;
    }

    private static async Task SayAsync(Stream stream, string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text + "\r\n"));

    private async Task<string?> LineAsync(Stream stream)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, stopping.Token) == 1)
        {
            if (one[0] == '\n') return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            line.Add(one[0]);
        }

        return null;
    }
}
