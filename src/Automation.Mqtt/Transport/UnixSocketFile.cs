using System.Net.Sockets;

namespace Automation.Mqtt.Transport;

/// <summary>The file of a Unix domain socket.</summary>
internal static class UnixSocketFile
{
    /// <summary>Removes a socket that a process left behind. What is no socket, or is listened on, is left alone.</summary>
    /// <exception cref="SocketException"><see cref="SocketError.AddressAlreadyInUse"/>: somebody listens, or the file is no socket.</exception>
    public static void RemoveStale(string path)
    {
        if (!File.Exists(path))
            return;
        if (!IsSocket(path) || IsListenedOn(path))
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        File.Delete(path);
    }

    // A socket cannot be opened as a file (ENXIO); whatever can be opened, or is kept from us, is somebody's file.
    private static bool IsSocket(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static bool IsListenedOn(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }
}
