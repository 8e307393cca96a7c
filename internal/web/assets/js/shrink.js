// Shrinking on the device. Drawing a photo anew also drops what a camera hides in it, the place among it.
const longest = 3072;

// shrink makes a JPEG of a photo. One that this browser cannot open, or has no memory for, stays as it is: the server does the work.
export async function shrink(file) {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const k = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.round(bitmap.width * k), Math.round(bitmap.height * k)), x = canvas.getContext('2d', { alpha: false });
    x.imageSmoothingQuality = 'high';
    x.fillStyle = '#fff';                                // behind what is transparent
    x.fillRect(0, 0, canvas.width, canvas.height);
    x.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return { blob: await canvas.convertToBlob({ type: 'image/jpeg', quality: .9 }), shown: true };
  } catch { return { blob: file, shown: false }; }
}
