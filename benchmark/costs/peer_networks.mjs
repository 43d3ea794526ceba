// Classify face images with the networks of npm's human and face-api, for `benchmark peers`:
//   node peer_networks.mjs FOLDER IMAGES SIDE
//
// FOLDER has node_modules with both packages, and with TensorFlow.js and its WebAssembly back end.
// IMAGES is a file of gray images, SIDE x SIDE bytes each. The output is one JSON object: for each
// package its version, the size of its network in bytes, and the label of each image.

import {createRequire} from 'node:module';
import {readFileSync, statSync} from 'node:fs';
import {pathToFileURL} from 'node:url';

const [folder, path, sideText] = process.argv.slice(2);
const side = Number(sideText);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm');
await tf.setBackend('wasm');
await tf.ready();

const bytes = readFileSync(path);
const images = Array.from({length: bytes.length / side ** 2}, (_, index) =>
  Float32Array.from(bytes.subarray(index * side ** 2, (index + 1) * side ** 2)));

function describe(name, weights) {
  const root = `${folder}/node_modules/@vladmandic/${name}`;
  const {version} = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  return {version, bytes: statSync(`${root}/${weights}`).size, labels: []};
}

// The same steps as in src/gear/emotion.ts of human. The gray value replaces the weighted sum of
// the colours, whose weights add up to 0.9999.
const human = describe('human', 'models/emotion.bin');
const models = `${folder}/node_modules/@vladmandic/human/models`;
const {modelTopology, weightsManifest} = JSON.parse(readFileSync(`${models}/emotion.json`, 'utf8'));
const weights = readFileSync(`${models}/emotion.bin`);
const model = await tf.loadGraphModel(tf.io.fromMemory({
  modelTopology,
  weightSpecs: weightsManifest.flatMap((group) => group.weights),
  weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
}));
const [, height, width] = model.inputs[0].shape;
const humanLabels = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
for (const image of images) {
  const index = tf.tidy(() => {
    const picture = tf.tensor(image, [1, side, side, 1]).div(255);
    const input = tf.image.resizeBilinear(picture, [height, width], false).sub(0.5).mul(2);
    return model.execute(input).flatten().argMax().dataSync()[0];
  });
  human.labels.push(humanLabels[index]);
}

// face-api prepares the image itself.
const faceApi = describe('face-api', 'model/face_expression_model.bin');
const api = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
await api.nets.faceExpressionNet.loadFromDisk(`${folder}/node_modules/@vladmandic/face-api/model`);
const faceApiLabels = {fearful: 'fear', disgusted: 'disgust', surprised: 'surprise'};
for (const image of images) {
  const picture = tf.tidy(() => tf.tensor(image, [side, side, 1]).tile([1, 1, 3]));
  const scores = Object.entries(await api.nets.faceExpressionNet.predictExpressions(picture));
  picture.dispose();
  const [best] = scores.reduce((one, other) => (other[1] > one[1] ? other : one));
  faceApi.labels.push(faceApiLabels[best] ?? best);
}

process.stdout.write(JSON.stringify({human, 'face-api': faceApi}) + '\n');
