using System.CommandLine;
using System.Text;
using Automation.Mqtt.Access;

namespace Automation.Server.Cli;

/// <summary>
/// <c>mqtt-password</c>: makes a line of the file that <c>Mqtt:PasswordFile</c> names. The password comes from standard input or a prompt, never
/// from an argument: those are seen by everybody on the machine and kept in the shell's history.
/// </summary>
internal static class MqttPasswordCommand
{
    public static Command Create()
    {
        var user = new Argument<string>("USER") { Description = "The user name." };
        var file = new Option<string?>("--file") { Description = "Write the line into this file, in place of the user's former one; made when it is missing. Else the line is printed.", HelpName = "FILE" };
        var command = new Command("mqtt-password", "Hash a password for the MQTT broker's password file. The password is the first line of standard input, or is asked for.") { user, file };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(user), parsed.GetValue(file), Console.In, Console.Out, Console.Error));
        return command;
    }

    /// <returns>0, or 1 with a sentence on <paramref name="errors"/>.</returns>
    public static int Run(string user, string? file, TextReader input, TextWriter output, TextWriter errors)
    {
        try
        {
            var password = input == Console.In && !Console.IsInputRedirected ? Ask(errors) : input.ReadLine();
            if (string.IsNullOrEmpty(password)) throw new ArgumentException("The password is empty.");
            var line = PasswordFile.FormatLine(user, PasswordHash.Create(Encoding.UTF8.GetBytes(password)));
            if (file is null) output.WriteLine(line);
            else Replace(file, user, line);
            return 0;
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(error.Message);
            return 1;
        }
    }

    private static string Ask(TextWriter errors)
    {
        var first = Read("Password: ", errors);
        return Read("Again: ", errors) == first ? first : throw new ArgumentException("The two passwords differ.");
    }

    private static string Read(string prompt, TextWriter errors)
    {
        errors.Write(prompt);
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) text.Length = Math.Max(0, text.Length - 1);
            else if (!char.IsControl(key.KeyChar)) text.Append(key.KeyChar);
        }

        errors.WriteLine();
        return text.ToString();
    }

    // Put in place whole, so that a server that looks meanwhile sees the old file or the new one.
    private static void Replace(string file, string user, string line)
    {
        var lines = File.Exists(file) ? File.ReadAllLines(file).ToList() : [];
        var place = lines.FindIndex(l => l.StartsWith($"{user}:", StringComparison.Ordinal));
        if (place >= 0) lines[place] = line;
        else lines.Add(line);
        var whole = $"{file}.new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = File.Exists(file) ? File.GetUnixFileMode(file) : UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(whole, options))
        {
            foreach (var each in lines) writer.Write($"{each}\n");
        }

        File.Move(whole, file, overwrite: true);
    }
}
