using System.CommandLine;
using System.Globalization;
using Automation.Server.Hosting;
using Automation.Server.Secrets;
using Automation.Server.Storage.Backups;

namespace Automation.Server.Cli;

/// <summary><c>backup</c> and <c>restore</c>: a data folder in one file, and back.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The archive to write; must not exist." };
        var data = DataOption();
        var command = new Command("backup", "Write the data folder into one file, while the server runs: database and secrets.") { file, data };
        command.SetAction(parsed => Run(Console.Out, Console.Error, () =>
        {
            var (folder, target) = (Folder(parsed.GetValue(data)), parsed.GetRequiredValue(file));
            var (events, bytes) = DataBackup.Create(folder, target);
            return string.Create(CultureInfo.InvariantCulture, $"{folder} is in {target}: {events} events, {bytes / 1e6:0.0} MB. It holds the files of secrets in the data folder: keep it where those may be. The admin token is not in it: a restored server makes another. The key of the secrets in the database, {SecretKeys.FileName}, is not in it: keep a copy of that elsewhere.");
        }));
        return command;
    }

    public static Command CreateRestore()
    {
        var file = new Argument<string>("FILE") { Description = "An archive that backup has written." };
        var data = DataOption();
        var command = new Command("restore", "Make a data folder of a backup. The folder must be missing or empty.") { file, data };
        command.SetAction(parsed => Run(Console.Out, Console.Error, () =>
        {
            var folder = Folder(parsed.GetValue(data));
            var events = DataRestore.Restore(parsed.GetRequiredValue(file), folder);
            return string.Create(CultureInfo.InvariantCulture, $"{folder} is restored: {events} events. Start the server on it.");
        }));
        return command;
    }

    /// <returns>0, or 1 with a sentence on <paramref name="errors"/>.</returns>
    private static int Run(TextWriter output, TextWriter errors, Func<string> act)
    {
        try
        {
            output.WriteLine(act());
            return 0;
        }
        catch (BackupException error)
        {
            errors.WriteLine(error.Message);
            return 1;
        }
    }

    private static Option<string?> DataOption() => new("--data") { Description = "Data folder. Default ./data.", HelpName = "DIR" };

    /// <exception cref="BackupException">The server's data is not in a data folder.</exception>
    private static string Folder(string? named)
    {
        using var services = CommandParts.Of(new Dictionary<string, string?>());
        var configuration = services.GetRequiredService<IConfiguration>();
        if (configuration[ServerOptions.Database] is { Length: > 0 })
        {
            throw new BackupException("The setting Database names a PostgreSQL database, which backup and restore do not cover. Use pg_dump and pg_restore (docs/postgresql.md), and keep a copy of the data folder's token and secrets. For a data folder with SQLite, unset Database.");
        }

        return named ?? configuration[ServerOptions.Data] ?? "data";
    }
}
