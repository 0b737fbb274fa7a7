using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>The commands <c>backup</c> and <c>restore</c> against the real server, as <c>docs/backup.md</c> describes them.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly ScratchFolder scratch = new();

    [Fact]
    public async Task EverythingAcknowledgedBeforeABackup_IsThereAfterItsRestore()
    {
        var events = new NumberedEvents();
        var secret = Path.Combine("secrets", "TOKEN");
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, answer: events.CountAsync);
        var server = installation.Server;
        Directory.CreateDirectory(Path.Combine(server.Settings.Data, "secrets"));
        await File.WriteAllTextAsync(Path.Combine(server.Settings.Data, secret), "hidden");
        using var end = new CancellationTokenSource();
        var sending = events.SendAsync(server, 4, 2, 1, end.Token);
        await Eventually.HoldsAsync(() => Task.FromResult(events.Acknowledged.Count > 300), "300 events are acknowledged");

        var before = events.Acknowledged.ToHashSet();
        var backup = await ServerProcess.CommandAsync("backup", scratch.At("backup.tar"), "--data", server.Settings.Data);
        var restore = await ServerProcess.CommandAsync("restore", scratch.At("backup.tar"), "--data", scratch.At("restored") + "/");
        await end.CancelAsync();
        await sending;

        Assert.True(backup.ExitCode == 0, backup.All);
        Assert.True(restore.ExitCode == 0, restore.All);
        Assert.Equal("hidden", await File.ReadAllTextAsync(scratch.At(Path.Combine("restored", secret))));
        Assert.False(File.Exists(scratch.At(Path.Combine("restored", "admin-token")))); // who gets the archive does not get in with it
        Assert.Equal(["backup.tar", "restored"], Directory.EnumerateFileSystemEntries(scratch.Path).Select(Path.GetFileName).Order());
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(scratch.At("backup.tar")));
        await server.KillAsync();
        await using var second = await ServerProcess.StartAsync(server.Settings with { Data = scratch.At("restored") });
        Assert.Empty(before.Except(JournalFile.Numbers(second)));
        await JournalFile.EverythingEndedAsync(second);
        Assert.Equal(0, JournalFile.Count(second, "SELECT count(*) FROM runs WHERE state <> 'succeeded'"));
    }

    [Fact]
    public async Task WithPostgres_BothCommandsRefuse_AndNamePgDump()
    {
        var environment = new Dictionary<string, string?> { ["Database"] = "Host=db.example.org;Database=automation" };
        foreach (var command in new[] { "backup", "restore" })
        {
            Refused(await Shell.RunAsync("dotnet", [ServerProcess.Program, command, scratch.At("a.tar"), "--data", scratch.At("data")], environment), "Use pg_dump");
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch.Path));
    }

    [Fact]
    public async Task EverythingAcknowledgedBeforeAPgDump_IsThereAfterItsRestore_AndRunsGoOn()
    {
        var events = new NumberedEvents();
        await using var postgres = await PostgresCluster.StartAsync();
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, answer: events.CountAsync, environment: new Dictionary<string, string?> { ["Database"] = postgres.Address });
        var server = installation.Server;
        using var end = new CancellationTokenSource();
        var sending = events.SendAsync(server, 4, 2, 1, end.Token);
        await Eventually.HoldsAsync(() => Task.FromResult(events.Acknowledged.Count > 300), "300 events are acknowledged");

        var before = events.Acknowledged.ToHashSet();
        var port = postgres.Address.Split(';').Single(part => part.StartsWith("Port=", StringComparison.Ordinal))[5..];
        var dumped = await Shell.BashAsync($"pg_dump -h 127.0.0.1 -p {port} -U automation -Fc -f {scratch.At("all.dump")} postgres");
        await end.CancelAsync();
        await sending;
        await server.KillAsync();
        var restored = await Shell.BashAsync($"createdb -h 127.0.0.1 -p {port} -U automation -T template0 restored && pg_restore -h 127.0.0.1 -p {port} -U automation --exit-on-error -d restored {scratch.At("all.dump")}");

        Assert.True(dumped.ExitCode == 0, dumped.All);
        Assert.True(restored.ExitCode == 0, restored.All);
        var address = postgres.Address.Replace("Database=postgres", "Database=restored", StringComparison.Ordinal);
        await using var second = await ServerProcess.StartAsync(server.Settings with { Environment = new Dictionary<string, string?> { ["Database"] = address } });
        Assert.Empty(before.Except(JournalFile.Numbers(second)));
        await JournalFile.EverythingEndedAsync(second);
        Assert.Equal(0, JournalFile.Count(second, "SELECT count(*) FROM runs WHERE state <> 'succeeded'"));
    }

    [Fact]
    public async Task ExistingFile_IsNotWrittenOver()
    {
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow);
        var file = scratch.Write("backup.tar", "precious");

        Refused(await ServerProcess.CommandAsync("backup", file, "--data", installation.Server.Settings.Data), "exists already");

        Assert.Equal("precious", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task FolderWithoutADatabase_IsNamed() => Refused(await ServerProcess.CommandAsync("backup", scratch.At("backup.tar"), "--data", scratch.Folder("empty")), scratch.At("empty"));

    [Fact]
    public async Task DamagedDatabase_IsNotBackedUp()
    {
        string data;
        await using (var installation = await Installation.StartAsync(NumberedEvents.Workflow))
        {
            await installation.Server.StopAsync(Eventually.Soon);
            data = scratch.Folder("data");
            File.Copy(installation.Server.DatabaseFile, Path.Combine(data, "automation.db"));
        }

        await using (var file = File.OpenWrite(Path.Combine(data, "automation.db")))
        {
            file.Position = 4096 * 2;
            file.Write(new byte[4096 * 10].Select(_ => (byte)0xA5).ToArray());
        }

        Refused(await ServerProcess.CommandAsync("backup", scratch.At("backup.tar"), "--data", data), "malformed");

        Assert.Equal(["data"], Directory.EnumerateFileSystemEntries(scratch.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task FolderWithFiles_IsNotRestoredInto()
    {
        scratch.Write(Path.Combine("data", "automation.db"), "precious");

        Refused(await ServerProcess.CommandAsync("restore", scratch.Write("backup.tar", ""), "--data", scratch.At("data")), "not an empty folder");

        Assert.Equal("precious", await File.ReadAllTextAsync(scratch.At(Path.Combine("data", "automation.db"))));
    }

    [Theory]
    [InlineData("tar --create --file backup.tar other", "no automation.db")]
    [InlineData("cp other automation.db; tar --create --file backup.tar automation.db", "could not be restored")]
    [InlineData("touch automation.db; tar --create --file backup.tar automation.db", "empty")]
    [InlineData("tar --create --absolute-names --file backup.tar ../*/other", "not a file below the data folder")]
    [InlineData("ln -s /etc/passwd link; tar --create --file backup.tar link", "not a file below the data folder")]
    [InlineData("cp other backup.tar", "could not be restored")]
    public async Task FileThatIsNoBackup_IsRefused_AndLeavesNothing(string made, string says)
    {
        scratch.Write("other", new string('x', 5000));
        await Shell.BashAsync(made, scratch.Path);

        Refused(await ServerProcess.CommandAsync("restore", scratch.At("backup.tar"), "--data", scratch.At("data")), says);

        Assert.Equal(["server.lock"], Directory.EnumerateFileSystemEntries(scratch.At("data")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task ServerDuringARestore_DoesNotStart_AndWhatOthersPutThereStays()
    {
        await Shell.BashAsync("mkfifo backup.tar", scratch.Path);
        var restore = ServerProcess.CommandAsync("restore", scratch.At("backup.tar"), "--data", scratch.At("data"));
        await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(scratch.At(Path.Combine("data", "server.lock")))), "the restore holds the folder");

        var server = await ServerProcess.RunAsync(new ServerSettings { Data = scratch.At("data"), Workflows = scratch.Folder("workflows") });
        scratch.Write(Path.Combine("data", "other"), "precious");
        await Shell.BashAsync("head -c 5000 /dev/urandom > backup.tar", scratch.Path);

        Refused(await restore, "could not be restored");
        Assert.NotEqual(0, server.ExitCode);
        Assert.Contains("a restore, uses the data folder", server.All, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(scratch.At(Path.Combine("data", "other"))));
    }

    [Fact]
    public async Task BackupInTheDataFolderItself_IsRefused()
    {
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow);
        var data = installation.Server.Settings.Data;

        Refused(await ServerProcess.CommandAsync("backup", Path.Combine(data, "backup.tar"), "--data", data + "/"), "in the data folder itself");
    }

    public void Dispose() => scratch.Dispose();

    private static void Refused(CommandResult said, string names)
    {
        Assert.True(said.ExitCode == 1, said.All);
        Assert.Contains(names, said.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said.All, StringComparison.Ordinal);
    }
}
