namespace Automation.Server.Cli;

/// <summary>Reads files that somebody named.</summary>
internal static class CommandFiles
{
    private const long Largest = 64 << 20;

    /// <param name="file">A path; <c>-</c> is standard input.</param>
    /// <exception cref="CommandException">It cannot be read.</exception>
    public static byte[] ReadBytes(string file)
    {
        try
        {
            using var source = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var bytes = new MemoryStream();
            var buffer = new byte[81920];
            while (source.Read(buffer) is var read and > 0)
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > Largest) throw new CommandException($"{file} is larger than {Largest >> 20} MB.");
            }

            return bytes.ToArray();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file} cannot be read: {error.Message}");
        }
    }

    /// <inheritdoc cref="ReadBytes"/>
    public static string ReadText(string file) => System.Text.Encoding.UTF8.GetString(ReadBytes(file));
}
