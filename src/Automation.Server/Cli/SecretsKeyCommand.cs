using System.CommandLine;
using Automation.Server.Hosting;
using Automation.Server.Secrets;

namespace Automation.Server.Cli;

/// <summary><c>secrets-key</c>: puts a new key before those that open the secrets of a data folder's database.</summary>
internal static class SecretsKeyCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Data folder. Default ./data.", HelpName = "DIR" };
        var command = new Command("secrets-key", "Make a new key for the secrets in the database, the first of the data folder's secrets.key. Then POST /api/secrets/seal seals them with it.") { data };
        command.SetAction(parsed =>
        {
            using var services = CommandParts.Of(new Dictionary<string, string?>());
            return Run(parsed.GetValue(data) ?? services.GetRequiredService<IConfiguration>()[ServerOptions.Data] ?? "data", Console.Out, Console.Error);
        });
        return command;
    }

    /// <returns>0, or 1 with a sentence on <paramref name="errors"/>.</returns>
    internal static int Run(string folder, TextWriter output, TextWriter errors)
    {
        try
        {
            var keys = new SecretKeys(null, folder);
            output.WriteLine($"{keys.Add().Id} is the first key in {keys.File}. Copy the file to the other servers of the database, if there are any; then POST /api/secrets/seal.");
            return 0;
        }
        catch (Exception error) when (error is StartupException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(error.Message);
            return 1;
        }
    }
}
