using System.Text;

namespace Automation.Server.Storage;

/// <summary>Who a server is to the others on its database.</summary>
/// <param name="Name">Its name (<c>Server:Name</c>), which its MQTT broker's sessions belong to. Two live servers cannot have the same.</param>
/// <param name="Instance">Its data folder, which one process holds at a time: whoever starts with it and the same name comes after those who had it before, and they are dead.</param>
/// <param name="Lease">How long it counts as living after it was last heard of.</param>
internal sealed record ServerIdentity(string Name, string Instance, TimeSpan Lease)
{
    private const string FileName = "instance";

    /// <summary>Of a data folder; the file <c>instance</c> is made when there is none, or none that can be read, which costs no more than waiting for the lease of who had it before.</summary>
    /// <remarks>For the process that holds the folder. The file is made whole or not at all. In a copy of a folder it says the same: a server there has to have another name.</remarks>
    public static ServerIdentity In(string dataFolder, string name, TimeSpan lease)
    {
        var file = Path.Combine(dataFolder, FileName);
        if (File.Exists(file) && Guid.TryParseExact(File.ReadAllText(file).Trim(), "n", out var known)) return new ServerIdentity(name, known.ToString("n"), lease);
        var instance = Guid.NewGuid().ToString("n");
        using (var made = new FileStream(file + ".tmp", FileMode.Create))
        {
            made.Write(Encoding.ASCII.GetBytes(instance));
            made.Flush(flushToDisk: true);
        }

        File.Move(file + ".tmp", file, overwrite: true);
        return new ServerIdentity(name, instance, lease);
    }
}
