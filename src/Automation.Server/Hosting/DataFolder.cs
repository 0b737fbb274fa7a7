namespace Automation.Server.Hosting;

/// <summary>The folder that holds the journal and the token, held by one server, or restore, at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    /// <summary>Name of the file that is held; it stays when it is not.</summary>
    public const string LockName = "server.lock";

    private readonly FileStream held;

    private DataFolder(string path, FileStream held) => (Path, this.held) = (path, held);

    public string Path { get; }

    /// <exception cref="StartupException">The folder cannot be made or written, or another server uses it.</exception>
    public static DataFolder Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The data folder {full} cannot be made: {error.Message} Name another one with --data.", error);
        }

        try
        {
            // The lock goes with the process, also when it is killed: the system closes the file.
            return new DataFolder(full, new FileStream(System.IO.Path.Combine(full, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StartupException($"The data folder {full} cannot be written. Give this user the right to write there, or name another folder with --data.", error);
        }
        catch (IOException error) when (IsHeld(error))
        {
            throw new StartupException($"Another server, or a restore, uses the data folder {full}. Stop it, or name another folder with --data.", error);
        }
        catch (IOException error)
        {
            throw new StartupException($"The data folder {full} cannot be written: {error.Message}", error);
        }
    }

    public void Dispose() => held.Dispose();

    // EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION
    private static bool IsHeld(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020);
}
