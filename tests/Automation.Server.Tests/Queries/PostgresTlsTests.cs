using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Automation.Server.Deliveries;
using Automation.Server.Queries;
using Automation.Server.Tests.Sandbox;
using Npgsql;

namespace Automation.Server.Tests.Queries;

/// <summary>A PostgreSQL of its own, which speaks TLS and wants passwords.</summary>
public sealed class PostgresTlsTests : IAsyncLifetime
{
    private const string Name = "db.example";
    private readonly string folder = Directory.CreateTempSubdirectory("postgres-tls").FullName;
    private int port;

    private string Cluster => Path.Combine(folder, "cluster");

    private string Authority => Path.Combine(folder, "ca.pem");

    public async ValueTask InitializeAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test Authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(20), DateTimeOffset.UnixEpoch.AddYears(120));
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var wanted = new CertificateRequest("CN=" + Name, own, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Name);
        wanted.CertificateExtensions.Add(names.Build());
        using var certificate = wanted.Create(authority, DateTimeOffset.UnixEpoch.AddYears(30), DateTimeOffset.UnixEpoch.AddYears(100), [7]);
        File.WriteAllText(Authority, authority.ExportCertificatePem());

        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101); // PostgreSQL runs as another user
        var address = new NpgsqlConnectionStringBuilder(Run("start")) { Pooling = false };
        port = address.Port;
        await using var connection = new NpgsqlConnection(address.ToString());
        await connection.OpenAsync();
        await ExecuteAsync(connection, $"CREATE TABLE pem (text TEXT); INSERT INTO pem VALUES ('{certificate.ExportCertificatePem().Replace("\n", "'),('", StringComparison.Ordinal)}')");
        await ExecuteAsync(connection, "COPY pem TO PROGRAM 'cat > \"$PGDATA/server.crt\"'");
        await ExecuteAsync(connection, $"DELETE FROM pem; INSERT INTO pem VALUES ('{own.ExportPkcs8PrivateKeyPem().Replace("\n", "'),('", StringComparison.Ordinal)}')");
        await ExecuteAsync(connection, "COPY pem TO PROGRAM 'umask 077; cat > \"$PGDATA/server.key\"'");
        await ExecuteAsync(connection, "COPY (SELECT 'hostssl all asker all scram-sha-256') TO PROGRAM 'cat - \"$PGDATA/pg_hba.conf\" > \"$PGDATA/new\" && mv \"$PGDATA/new\" \"$PGDATA/pg_hba.conf\"'");
        await ExecuteAsync(connection, "ALTER SYSTEM SET ssl = on");
        await ExecuteAsync(connection, "CREATE ROLE asker LOGIN PASSWORD 'right-password'; DROP TABLE pem");
        Run("stop");
        Run("start");
    }

    public ValueTask DisposeAsync()
    {
        Run("stop");
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Certificate_IsChecked_UnlessTheAddressSaysOtherwise_AndPasswordsAre()
    {
        Assert.Equal("""{"rows":[{"ssl":true}],"rowCount":1}""", await AskAsync(Name, "right-password", "", isKnown: true));
        Assert.Equal("""{"rows":[{"ssl":true}],"rowCount":1}""", await AskAsync("other.example", "right-password", "?sslmode=require", isKnown: false));
        Assert.Equal("certificate_wrong_host: No secure connection to the receiver: its certificate is for db.example, not for other.example.", await AskAsync("other.example", "right-password", "", isKnown: true));
        Assert.Contains("CN=Test Authority", await AskAsync(Name, "right-password", "", isKnown: false), StringComparison.Ordinal);
        Assert.Equal("login_failed: PostgreSQL: password authentication failed for user \"asker\" (SQLSTATE 28P01).", await AskAsync(Name, "wrong-password", "", isKnown: true));
        Assert.Equal("login_failed: The database asks for a password, and the address has none.", await AskAsync(Name, "", "", isKnown: true));
    }

    private async Task<string> AskAsync(string host, string password, string mode, bool isKnown)
    {
        using var network = new OutboundTcp(new OutboundOptions { AllowPrivate = "loopback", CertificateAuthority = isKnown ? Authority : "" }, TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        using var queries = new PostgresQueries(network, new QueryOptions());
        Assert.True(PostgresAddress.TryParse($"postgresql://asker{(password.Length > 0 ? ":" + password : "")}@{host}:{port}/postgres{mode}", out var address, out _));
        try
        {
            var result = await queries.RunAsync(address, new Query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", null, false, 10, 1000), TimeSpan.FromSeconds(30), CancellationToken.None);
            return result.Output.ToString();
        }
        catch (Exception failed) when (PostgresFailures.Sort(failed) is { } error)
        {
            return $"{error.Code}: {error.Message}";
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // the test's own text
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private string Run(string what)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(SandboxInstallation.Folder, "..", "..", "tests", "postgres"), [what, Cluster]) { RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadLine() ?? "";
        process.WaitForExit();
        return text;
    }
}
